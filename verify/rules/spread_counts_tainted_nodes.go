package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A domain that counts and takes no pod does no harm as long as maxSkew pods in each of the others are enough.
var spreadCountsTaintedNodes = &Rule{
	ID:       "spread-counts-tainted-nodes",
	Protects: "A spread constraint counts nodes whatever their taints: the control plane's stay empty, no other may be ahead of them, and the rest of the pods wait for ever.",
	Fix:      "nodeTaintsPolicy: Honor.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, r := range g.rooms(w) {
				if w.Replicas > r.pods && len(r.tainted) > 0 {
					find(r.at, fmt.Sprintf("%d of the %d pods wait for ever: %s", w.Replicas-r.pods, w.Replicas, r.why))
				}
			}
		}
	},
}
