package facts

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Backends returns the workloads whose pods a Service selects.
func (s *System) Backends(service *corev1.Service) []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool { return !IsBackend(service, w) })
}

// IsBackend reports whether a Service selects the pods of a workload. A Service without a selector selects none.
func IsBackend(service *corev1.Service, w *workload.Workload) bool {
	return w.Namespace == service.Namespace && len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(w.Template.Labels))
}

// Selects reports whether a label selector matches the pods of a workload. A nil selector matches none.
func Selects(selector *metav1.LabelSelector, w *workload.Workload) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(w.Template.Labels))
}
