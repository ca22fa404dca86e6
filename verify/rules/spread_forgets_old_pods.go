package rules

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A StatefulSet makes no pod more than it has, so what helps a Deployment to surge helps it with nothing: each new pod takes
// the place of the one of its name. Only hard constraints are meant: a soft one promises nothing.
var spreadForgetsOldPods = &Rule{
	ID:       "spread-forgets-old-pods",
	Protects: "While a StatefulSet rolls, a new pod may join an old one on its node, and where disks hold the new ones in one zone the rollout waits for ever.",
	Fix:      "Take controller-revision-hash out of matchLabelKeys.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind != workload.StatefulSet || w.Replicas < 2 {
				continue
			}
			for _, a := range keptApart(w) {
				if a.hard && a.own() && slices.Contains(a.sameBy, appsv1.ControllerRevisionHashLabelKey) {
					find(a.at("matchLabelKeys"), fmt.Sprintf("%s counts no pod of another revision", a.kind()))
				}
			}
		}
	},
}
