package rules

import (
	"fmt"
	"iter"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes the Service that gives the voters their names, and voters that may become ready only with the others.
var quorumHiddenUntilReady = &Rule{
	ID:       "quorum-hidden-until-ready",
	Protects: "Voters find each other by names that the Service has only for pods that are ready, and they are ready only when they have found each other.",
	Fix:      "publishNotReadyAddresses: true on the headless Service; clients take another one.",
	check: func(s *workload.System, find func(Place, string)) {
		services := every[corev1.Service](s, "v1", "Service")
		for w, set := range quorumSets(s) {
			for o, service := range services {
				if o.Name == set.Spec.ServiceName && o.Namespace == w.Namespace && !service.Spec.PublishNotReadyAddresses && waitsForOthers(w) {
					find(in(o, "spec", "publishNotReadyAddresses"), fmt.Sprintf("names the %d voters of %s only while they are ready", w.Replicas, w))
				}
			}
		}
	},
}

// quorumSets walks over the StatefulSets that are written down and whose pods vote.
func quorumSets(s *workload.System) iter.Seq2[*workload.Workload, *appsv1.StatefulSet] {
	return func(yield func(*workload.Workload, *appsv1.StatefulSet) bool) {
		for o, set := range every[appsv1.StatefulSet](s, "apps/v1", "StatefulSet") {
			if w := workloadOf(s, o); w != nil && votes(w) && w.Replicas > 1 && !yield(w, set) {
				return
			}
		}
	}
}
