package rules

import (
	"iter"

	corev1 "k8s.io/api/core/v1"

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

// held is a walk that was taken once, to be taken again for nothing.
func held[T any](walk iter.Seq2[*manifest.Object, T]) iter.Seq2[*manifest.Object, T] {
	type read struct {
		o    *manifest.Object
		says T
	}
	var all []read
	for o, says := range walk {
		all = append(all, read{o, says})
	}
	return func(yield func(*manifest.Object, T) bool) {
		for _, r := range all {
			if !yield(r.o, r.says) {
				return
			}
		}
	}
}

// services walks over the Services.
func services(s *workload.System) iter.Seq2[*manifest.Object, *corev1.Service] {
	return held(every[corev1.Service](s, "v1", "Service"))
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
	var all []*workload.Workload
	for _, w := range s.Workloads {
		if has(o, service, w) {
			all = append(all, w)
		}
	}
	return all
}

// has tells whether a Service has the pods of a workload. One without a selector has none.
func has(o *manifest.Object, service *corev1.Service, w *workload.Workload) bool {
	for key, value := range service.Spec.Selector {
		if own, is := w.Template.Labels[key]; !is || own != value {
			return false
		}
	}
	return w.Namespace == o.Namespace && len(service.Spec.Selector) > 0
}
