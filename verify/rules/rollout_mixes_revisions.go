package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// During a rollout with surge, new pods are placed so that old and new pods together are balanced, and then the old ones stop:
// kubernetes/kubernetes#98215. Without surge, each new pod replaces one that has stopped, and the last one is placed when all are
// counted. Only required constraints are checked: preferences guarantee nothing.
var rolloutMixesRevisions = &Rule{
	ID:       "rollout-mixes-revisions",
	Severity: Note,
	Protects: "New pods are balanced together with old pods that stop. After a rollout, one node or zone may have more of them than the constraint allows.",
	Fix:      "Add matchLabelKeys: [pod-template-hash] (rollouts-pod-template-hash for a Rollout of Argo Rollouts), or set maxSurge: 0.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment || w.Replicas < 2 || w.Rollout.MaxSurge == 0 {
				continue
			}
			for _, c := range s.Constraints(w) {
				if c.Kind == placement.Spread && c.Required && c.SelectsOwn() && !slices.Contains(c.MatchLabelKeys, w.HashLabel) {
					report(c.In("labelSelector"), fmt.Sprintf("%s counts old and new pods together during a rollout (%d pods, maxSurge %d)", c, w.Replicas, w.Rollout.MaxSurge))
				}
			}
		}
	},
}
