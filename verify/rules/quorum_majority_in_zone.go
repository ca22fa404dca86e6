package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only a quorum with required topology spread on zones is checked: it is meant to survive a zone failure. The number of zones must
// be known, by minDomains or by node affinity. A quorum that is bound to one zone is not checked: it may be one of several.
var quorumMajorityInZone = &Rule{
	ID:       "quorum-majority-in-zone",
	Severity: Warning,
	Protects: "With a majority of the members in one zone, the failure of that zone ends the quorum, and its topology spread protects nothing.",
	Fix:      "Use three zones with maxSkew: 1 and minDomains: 3. Two zones cannot keep a quorum through the failure of one: a member has to run in a third place.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Quorums() {
			for _, c := range s.Constraints(w) {
				if c.Kind != placement.Spread || c.TopologyKey != cluster.ZoneLabel || !c.Required || !c.SelectsOwn() {
					continue
				}
				zones, minDomains := len(facts.RequiredZones(w)), 0
				if c.Spread.MinDomains != nil {
					minDomains = int(*c.Spread.MinDomains)
				}
				if zones == 0 {
					zones = minDomains
				}
				if zones < 2 || minDomains > zones { // with fewer zones than minDomains, each holds at most maxSkew pods
					continue
				}
				if most := mostInZone(w.Replicas, zones, int(c.Spread.MaxSkew)); most >= facts.MajorityLoss(w) {
					report(c.In(), fmt.Sprintf("allows %d of %d quorum members in one of %d zones: the others are no majority", most, w.Replicas, zones))
				}
			}
		}
	},
}

// mostInZone returns how many of n pods one zone may have, if no zone has more than skew pods more than any other.
func mostInZone(n, zones, skew int) int {
	for most := n; most > skew; most-- {
		if most+(zones-1)*(most-skew) <= n {
			return most
		}
	}
	return min(n, skew)
}
