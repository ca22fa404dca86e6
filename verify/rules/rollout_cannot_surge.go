package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A Deployment with maxUnavailable 0 (25% of up to three pods is rounded down to 0) starts its rollout with an additional pod. If
// required constraints leave no node for it, the new pod waits for an old one to stop, and the old ones wait for the new one.
// Constraints with matchLabelKeys pod-template-hash do not count the old pods.
var rolloutCannotSurge = &Rule{
	ID:       "rollout-cannot-surge",
	Severity: Warning,
	Protects: "A rollout that needs a node for one more pod, and has none, never ends.",
	Fix:      "Set maxSurge: 0 and maxUnavailable: 1, or add matchLabelKeys: [pod-template-hash] to the constraint.",
	byNumber: true,
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment || w.Rollout.MaxSurge == 0 || w.Rollout.MaxUnavailable > 0 {
				continue
			}
			for _, l := range nodes.Limits(w) {
				if l.AllRevisions && w.Replicas > 0 && w.Replicas == l.Pods {
					report(l.In, fmt.Sprintf("there is no node for a new pod beside the old ones (%d), and with maxUnavailable 0 none of them may stop first: %s", w.Replicas, l.Why))
				}
			}
		}
	},
}
