package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Without minDomains only zones that have nodes count, so with nodes in one zone everything goes there. A workload without
// disks is put right by its next rollout. Voters with disks never are: so this is a fault of theirs alone, where they must not
// be in one zone (DoNotSchedule) and nothing else says so.
var zonesWithoutMinDomains = &Rule{
	ID:       "zones-without-min-domains",
	Protects: "On a cluster that has nodes in one zone yet, because it is new or an autoscaler made them so, all voters start there, and their disks keep them there.",
	Fix:      "minDomains: as many zones as there are, at most as many as voters.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if !votes(w) || w.Replicas < 3 || len(w.Claims) == 0 {
				continue
			}
			var without *apart
			for _, a := range keptApart(w) {
				if a.key != cluster.ZoneLabel || !a.hard || !a.own() {
					continue
				}
				if a.spread == nil || a.spread.MinDomains != nil && *a.spread.MinDomains > 1 {
					without = nil
					break
				}
				without = &a
			}
			if without != nil {
				find(without.at("whenUnsatisfiable"), fmt.Sprintf("%s holds between zones that have nodes: all %d voters may start in the first", without.kind(), w.Replicas))
			}
		}
	},
}
