package rules

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A StatefulSet has no surge: each new pod replaces the one with the same name. So a constraint per revision, which helps the
// rollout of a Deployment, does not help here. Only required constraints are checked: preferences guarantee nothing.
var spreadForgetsOldPods = &Rule{
	ID:       "spread-forgets-old-pods",
	Severity: Warning,
	Protects: "During a rollout of a StatefulSet, a new pod may share the node of an old one. If volumes bind the new pods to one zone, the rollout never ends.",
	Fix:      "Remove controller-revision-hash from matchLabelKeys.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind != workload.StatefulSet || w.Replicas < 2 {
				continue
			}
			for _, c := range s.Constraints(w) {
				if c.Required && c.SelectsOwn() && slices.Contains(c.MatchLabelKeys, appsv1.ControllerRevisionHashLabelKey) {
					report(c.In("matchLabelKeys"), fmt.Sprintf("%s counts no pod of another revision", c))
				}
			}
		}
	},
}
