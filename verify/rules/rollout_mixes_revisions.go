package rules

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// hashLabel tells the revisions of a Deployment's pods apart.
const hashLabel = appsv1.DefaultDeploymentUniqueLabelKey

// While a Deployment rolls with a surge, new pods are placed so that old and new together are even, and then the old ones
// go: kubernetes/kubernetes#98215. Without a surge each new pod fills the place of one that went, and the last is placed
// when all are counted. Only hard constraints are meant: a soft one promises nothing.
var rolloutMixesRevisions = &Rule{
	ID:       "rollout-mixes-revisions",
	Protects: "New pods are spread among old ones that go: after a rollout more of them may be on one node or in one zone than the constraint allows.",
	Fix:      "matchLabelKeys: [pod-template-hash], or maxSurge: 0.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment || w.Replicas < 2 || w.Rollout.MaxSurge == 0 {
				continue
			}
			for _, a := range keptApart(w) {
				if a.spread != nil && a.hard && a.own() && !slices.Contains(a.sameBy, hashLabel) {
					find(a.at("labelSelector"), fmt.Sprintf("%s counts old and new pods as one while it rolls, %d of %d at a time", a.kind(), w.Rollout.MaxSurge, w.Replicas))
				}
			}
		}
	},
}
