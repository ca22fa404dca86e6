package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a Deployment of one pod, the only one with the claim: its rollout makes the new pod before it stops the old one.
// With more pods it is claim-shared.
var claimStopsRollout = &Rule{
	ID:       "claim-stops-rollout",
	Protects: "The new pod waits for the volume, which the old one has, and the old one stays until the new one is ready: a rollout never ends where they are on two nodes.",
	Fix:      "strategy: {type: Recreate}.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, m := range oneNode(s) {
			w := m.by[0]
			if len(m.by) > 1 || w.Kind != workload.Deployment || w.Replicas != 1 || w.Rollout.MaxSurge == 0 || w.Rollout.MaxUnavailable > 0 {
				continue
			}
			if m.onePod() || !together(w) {
				find(in(w.Object, "spec", "strategy"), fmt.Sprintf("makes a second pod before the first one lets go of claim %s (%s)", m.claim.Name, m.modes()))
			}
		}
	},
}
