package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only a Deployment of one pod that mounts the claim alone is checked: its rollout creates the new pod before it stops the old one.
// On a local disk both are on one node. For several pods, claim-shared reports the fault.
var claimStopsRollout = &Rule{
	ID:       "claim-stops-rollout",
	Severity: Warning,
	Protects: "The new pod waits for the volume of the old one, and the old one runs until the new one is ready. On different nodes, the rollout never ends.",
	Fix:      "Set strategy: {type: Recreate}.",
	check: func(s *facts.System, report reporter) {
		for _, m := range s.SingleNodeClaims() {
			w := m.Workloads[0]
			if len(m.Workloads) > 1 || w.Kind != workload.Deployment || w.Replicas != 1 || w.Rollout.MaxSurge == 0 || w.Rollout.MaxUnavailable > 0 {
				continue
			}
			if m.OnePod || !m.IsLocal() && !s.MayShareNode(w) {
				report(facts.In(w.Object, "spec", "strategy"), fmt.Sprintf("creates a second pod before the first one releases PersistentVolumeClaim %s (%s)", m.Claim.Name, m.AccessModes()))
			}
		}
	},
}
