package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Without minDomains only zones with nodes count, so with nodes in one zone all pods are placed there. A workload without volumes
// is balanced again by its next rollout. Quorum members with volumes are not. So only these are checked, with required topology
// spread on zones, and if no other constraint keeps them out of one zone.
var zonesWithoutMinDomains = &Rule{
	ID:       "zones-without-min-domains",
	Severity: Note,
	Protects: "On a cluster with nodes in one zone so far, because it is new or because of its autoscaler, all quorum members start in that zone, and their volumes keep them there.",
	Fix:      "Set minDomains to the number of zones, at most to the number of members.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if !facts.IsQuorum(w) || w.Replicas < 3 || len(w.Claims) == 0 {
				continue
			}
			var without *facts.Constraint
			for _, c := range s.Constraints(w) {
				if c.TopologyKey != cluster.ZoneLabel || !c.Required || !c.SelectsOwn() {
					continue
				}
				if c.Kind == placement.AntiAffinity || c.Spread.MinDomains != nil && *c.Spread.MinDomains > 1 {
					without = nil
					break
				}
				without = &c
			}
			if without != nil {
				report(without.In("whenUnsatisfiable"), fmt.Sprintf("%s counts only zones with nodes: all %d quorum members may start in the first", without, w.Replicas))
			}
		}
	},
}
