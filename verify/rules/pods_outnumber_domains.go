package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Hard constraints alone are counted, for nodes on which nothing else runs: what waits here waits on every such cluster.
var podsOutnumberDomains = &Rule{
	ID:       "pods-outnumber-domains",
	Protects: "Pods that must not share a node or a zone, and are more than there are, wait for ever.",
	Fix:      "Run as many pods as there are domains, or make the constraint a preference.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, r := range g.rooms(w) {
				if w.Replicas > r.pods && len(r.tainted) == 0 {
					find(r.at, fmt.Sprintf("%d of the %d pods wait for ever: %s", w.Replicas-r.pods, w.Replicas, r.why))
				}
			}
		}
	},
}
