package facts

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Clients returns the workloads whose pods are known to send requests to a Service: event sources and sensors of an external bus at
// its address, and pods with the address in their environment or arguments.
func (s *System) Clients(service *corev1.Service) []*workload.Workload {
	buses := map[string]bool{}
	for o, b := range Objects[argoevents.EventBus](s, argoevents.APIVersion, "EventBus") {
		if js := b.Spec.JetStreamExotic; js != nil && b.Spec.JetStream == nil && hasAddress(js.URL, service, o.Namespace) {
			buses[o.Namespace+"/"+o.Name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool {
		return !buses[w.Namespace+"/"+busOf(w)] && !slices.ContainsFunc(Containers(w), func(c Container) bool {
			return slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(text string) bool { return hasAddress(text, service, w.Namespace) }) ||
				slices.ContainsFunc(c.Env, func(v corev1.EnvVar) bool { return hasAddress(v.Value, service, w.Namespace) })
		})
	})
}

// busOf returns the name of the EventBus of an event source or a sensor, "" for other workloads.
func busOf(w *workload.Workload) string {
	var object struct {
		Spec struct {
			EventBusName string `json:"eventBusName"`
		} `json:"spec"`
	}
	if w.Object.APIVersion != argoevents.APIVersion || w.Object.Kind != "EventSource" && w.Object.Kind != "Sensor" || w.Object.Decode(&object) != nil {
		return ""
	}
	return cmp.Or(object.Spec.EventBusName, argoevents.DefaultBus)
}

// hasAddress reports whether a text of a namespace has a URL with the host name of a Service: its name alone in the same namespace, or
// its name and namespace.
func hasAddress(text string, service *corev1.Service, namespace string) bool {
	for _, part := range strings.Split(text, "://")[1:] {
		_, after, ok := strings.Cut(part, "@")
		if !ok {
			after = part
		}
		host := strings.FieldsFunc(after, func(r rune) bool { return strings.ContainsRune(":/,; ?'\"", r) })
		if len(host) == 0 {
			continue
		}
		labels := strings.Split(host[0], ".")
		if labels[0] == service.Name && (len(labels) == 1 && namespace == service.Namespace || len(labels) > 1 && SameNamespace(labels[1], service.Namespace) && (len(labels) == 2 || labels[2] == "svc")) {
			return true
		}
	}
	return false
}

// Affinities returns the affinity of a workload's pods to other pods.
func (s *System) Affinities(w *workload.Workload) []placement.Constraint {
	return slices.DeleteFunc(placement.Constraints(s.pod(w), nil), func(c placement.Constraint) bool { return c.Kind != placement.Affinity })
}
