package rules

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// every walks over the objects of a kind, each with what it says, again and again if need be. One of Kubernetes' own kinds that
// could not be read was refused before the rules; a custom resource that cannot be is left out.
func every[T any](s *workload.System, apiVersion, kind string) iter.Seq2[*manifest.Object, *T] {
	var objects []*manifest.Object
	var all []*T
	for _, o := range s.Objects {
		if o.APIVersion != apiVersion || o.Kind != kind {
			continue
		}
		if says := new(T); o.Decode(says) == nil {
			objects, all = append(objects, o), append(all, says)
		}
	}
	return func(yield func(*manifest.Object, *T) bool) {
		for i, o := range objects {
			if !yield(o, all[i]) {
				return
			}
		}
	}
}

// votes tells whether a workload's pods are voters.
func votes(w *workload.Workload) bool { return w.Replication.Model == workload.Quorum }

// voters lists the workloads whose pods vote with others of the same workload.
func voters(s *workload.System) []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool { return !votes(w) || w.Replicas < 2 })
}

// workloadOf finds the workload that an object is or makes, nil if there is none.
func workloadOf(s *workload.System, o *manifest.Object) *workload.Workload {
	for _, w := range s.Workloads {
		if w.Object == o {
			return w
		}
	}
	return nil
}

// sameNamespace tells whether a reference means the namespace of an object. One that is not written down is whatever the
// manifests are applied to, so it may be any.
func sameNamespace(a, b string) bool { return a == b || a == "" || b == "" }

// behind lists the workloads whose pods a Service has.
func behind(s *workload.System, service *corev1.Service) []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool { return !has(service, w) })
}

// has tells whether a Service has the pods of a workload. One without a selector has none.
func has(service *corev1.Service, w *workload.Workload) bool {
	return w.Namespace == service.Namespace && len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(w.Template.Labels))
}

// selects tells whether a selector, nil for none, is for a workload's pods.
func selects(selector *metav1.LabelSelector, w *workload.Workload) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(w.Template.Labels))
}

// list names workloads in a sentence.
func list(all []*workload.Workload) string {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.String()
	}
	return strings.Join(names, " and ")
}

// count is a number of things, for a sentence.
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
