package facts

import (
	"iter"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Backends returns the workloads whose pods a Service selects. A Service without a selector selects none.
func (s *System) Backends(service *corev1.Service) []*workload.Workload {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	return s.selected(service.Namespace, labels.SelectorFromSet(service.Spec.Selector))
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

// SelectingServices iterates over the Services of the manifests that select pods. A Service without a selector, or for an external
// name, has endpoints from elsewhere, and that of a Helm hook is temporary.
func (s *System) SelectingServices() iter.Seq2[*manifest.Object, *corev1.Service] {
	services := Objects[corev1.Service](s, "v1", "Service")
	return func(yield func(*manifest.Object, *corev1.Service) bool) {
		for o, service := range services {
			_, hook := o.Annotations["helm.sh/hook"]
			if !hook && service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Selector) > 0 && !yield(o, service) {
				return
			}
		}
	}
}

// MeantBackend returns the workload whose pods a Service is meant to select although it selects none: its selector has a
// misspelling of their labels, or the workload has the name of the Service or names it as its own, and other values of the same
// labels. It returns nil if there is none, or several.
func (s *System) MeantBackend(service *corev1.Service) *workload.Workload {
	if len(s.Backends(service)) > 0 {
		return nil
	}
	var all []*workload.Workload
	for _, w := range s.Workloads {
		named := w.Name == service.Name || s.governing(w) == service.Name
		if w.Namespace == service.Namespace && w.Replicas > 0 && (Misspells(service.Spec.Selector, w.Template.Labels) || named && hasKeys(w.Template.Labels, service.Spec.Selector)) {
			all = append(all, w)
		}
	}
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// governingService returns the Service that gives the pods of a StatefulSet their names, "" for other workloads.
func governingService(w *workload.Workload) string {
	var set appsv1.StatefulSet
	if w.Kind != workload.StatefulSet || w.Object.Kind != w.Kind || w.Object.Decode(&set) != nil {
		return ""
	}
	return set.Spec.ServiceName
}

// UndeclaredPorts iterates over the named target ports of Services that no container of the selected pods declares. Clients of a
// headless Service connect to any port of a pod.
func (s *System) UndeclaredPorts() iter.Seq2[*manifest.Object, UndeclaredPort] {
	return func(yield func(*manifest.Object, UndeclaredPort) bool) {
		for o, service := range s.SelectingServices() {
			backends := s.Backends(service)
			if service.Spec.ClusterIP == corev1.ClusterIPNone || len(backends) == 0 || slices.ContainsFunc(backends, mayHaveAnyPort) {
				continue
			}
			for i, p := range service.Spec.Ports {
				name := p.TargetPort.StrVal
				declares := func(w *workload.Workload) bool {
					return slices.ContainsFunc(Containers(w), func(c Container) bool {
						return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
					})
				}
				if name != "" && !slices.ContainsFunc(backends, declares) && !yield(o, UndeclaredPort{i, name, backends}) {
					return
				}
			}
		}
	}
}

// UndeclaredPort is a port of a Service whose target no container declares.
type UndeclaredPort struct {
	Index    int
	Name     string
	Backends []*workload.Workload
}

// mayHaveAnyPort reports whether the containers of a workload's pods are not all in its manifest: its controller creates them, or an
// injector completes a container with the image auto.
func mayHaveAnyPort(w *workload.Workload) bool {
	return w.Object.Kind != w.Kind || slices.ContainsFunc(Containers(w), func(c Container) bool { return c.Image == "auto" })
}

// hasKeys reports whether labels have all keys of a selector.
func hasKeys(of, selector map[string]string) bool {
	for key := range selector {
		if _, ok := of[key]; !ok {
			return false
		}
	}
	return true
}
