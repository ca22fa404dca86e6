package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A Deployment that may have no pod fewer (maxUnavailable 0, which is what 25% of up to three pods comes to) starts with a
// pod more. Where the old pods take all the room there is by hard constraints, that pod waits for one of them to go, and
// they wait for it. Constraints that tell revisions apart by pod-template-hash leave it room.
var rolloutCannotSurge = &Rule{
	ID:       "rollout-cannot-surge",
	Protects: "A rollout that needs room for a pod more, and has none, never ends.",
	Fix:      "maxSurge: 0 and maxUnavailable: 1, or matchLabelKeys: [pod-template-hash] with the constraint.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment || w.Rollout.MaxSurge == 0 || w.Rollout.MaxUnavailable > 0 {
				continue
			}
			for _, r := range g.rooms(w) {
				if r.mixed && w.Replicas > 0 && w.Replicas == r.pods {
					find(r.at, fmt.Sprintf("there is no room for a new pod beside the %d old ones, and none of them may go first: %s", w.Replicas, r.why))
				}
			}
		}
	},
}
