package rules

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// every walks over the objects of a kind, each with what it says. One of Kubernetes' own kinds that could not be read was
// refused before the rules; a custom resource that cannot be is left out.
func every[T any](s *workload.System, apiVersion, kind string) iter.Seq2[*manifest.Object, *T] {
	return func(yield func(*manifest.Object, *T) bool) {
		for _, o := range s.Objects {
			if o.APIVersion != apiVersion || o.Kind != kind {
				continue
			}
			says := new(T)
			if err := o.Decode(says); err == nil && !yield(o, says) {
				return
			}
		}
	}
}

// voters lists the workloads whose pods vote with others of the same workload.
func voters(s *workload.System) []*workload.Workload {
	var all []*workload.Workload
	for _, w := range s.Workloads {
		if w.Replication.Model == workload.Quorum && w.Replicas > 1 {
			all = append(all, w)
		}
	}
	return all
}

// sameNamespace tells whether a reference means the namespace of an object. One that is not written down is whatever the
// manifests are applied to, so it may be any.
func sameNamespace(a, b string) bool { return a == b || a == "" || b == "" }

// behind lists the workloads whose pods a Service has.
func behind(s *workload.System, o *manifest.Object, service *corev1.Service) []*workload.Workload {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	var all []*workload.Workload
	for _, w := range s.Workloads {
		if w.Namespace == o.Namespace && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(w.Template.Labels)) {
			all = append(all, w)
		}
	}
	return all
}
