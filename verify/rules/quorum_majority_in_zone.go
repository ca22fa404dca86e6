package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a quorum that is spread over zones by a hard constraint, so that a zone's loss is meant to be survived, and that
// says how many zones there are: by minDomains, or by a node affinity to some. One that is bound to a single zone is a
// part of something larger.
var quorumMajorityInZone = &Rule{
	ID:       "quorum-majority-in-zone",
	Protects: "With a majority of the voters in one zone, the loss of that zone is the loss of the quorum, and its spread over zones protects nothing.",
	Fix:      "Three zones, with maxSkew: 1 and minDomains: 3. Two zones cannot keep a quorum through the loss of one: a voter has to stand in a third place.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			for _, a := range keptApart(w) {
				if a.spread == nil || a.key != cluster.ZoneLabel || !a.hard || !a.own() {
					continue
				}
				zones, least := len(zonesOf(w)), 0
				if a.spread.MinDomains != nil {
					least = int(*a.spread.MinDomains)
				}
				if zones == 0 {
					zones = least
				}
				if zones < 2 || least > zones { // a constraint that cannot be met lets maxSkew pods into each
					continue
				}
				if most := crowd(w.Replicas, zones, int(a.spread.MaxSkew)); most >= tooMany(w) {
					find(a.at(), fmt.Sprintf("lets %d of its %d voters be in one of %d zones: the rest is no majority", most, w.Replicas, zones))
				}
			}
		}
	},
}

// crowd is how many of n pods may be in one of some zones, if none has more than skew pods more than any other.
func crowd(n, zones, skew int) int {
	for most := n; most > skew; most-- {
		if most+(zones-1)*(most-skew) <= n {
			return most
		}
	}
	return min(n, skew)
}
