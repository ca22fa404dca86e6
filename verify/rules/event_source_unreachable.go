package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// listening are the types of event sources to which others send requests (those that use pkg/eventsources/common/webhook in Argo Events
// v1.9.11).
var listening = []string{"bitbucket", "bitbucketserver", "gerrit", "github", "gitlab", "slack", "sns", "storageGrid", "stripe", "webhook"}

// The controller creates a Service only if spec.service has ports (buildService in pkg/reconciler/eventsource/resource.go). Any Service
// of the manifests that selects the pods counts. One of them must forward to the port of each event; a headless Service has all ports.
var eventSourceUnreachable = &Rule{
	ID:       "event-source-unreachable",
	Severity: Error,
	Protects: "An event source that waits for requests needs a Service: its pods have no fixed address, and nothing reaches them.",
	Fix:      "Set spec.service.ports with the port of the event source as targetPort, or create a Service with the selector eventsource-name.",
	check: func(s *facts.System, report reporter) {
		for _, source := range s.EventSources() {
			w := s.WorkloadOf(source.Object)
			i := slices.IndexFunc(listening, func(kind string) bool { return len(source.Events[kind]) > 0 })
			if w == nil || i < 0 {
				continue
			}
			reaching := slices.DeleteFunc(slices.Clone(s.Services), func(service *corev1.Service) bool { return !facts.IsBackend(service, w) })
			if len(reaching) == 0 {
				report(facts.In(source.Object, "spec", listening[i]), fmt.Sprintf("waits for requests of the type %s, and no Service selects its pods", listening[i]))
				continue
			}
			for _, kind := range listening {
				for name, event := range source.Of(kind) {
					port, path := listeningPort(event)
					if port > 0 && !slices.ContainsFunc(reaching, func(service *corev1.Service) bool { return forwards(service, port) }) {
						report(facts.In(source.Object, slices.Concat([]string{"spec", kind, name}, path)...), fmt.Sprintf("%s %s waits for requests on port %d, and Service %s forwards to other ports", kind, name, port, reaching[0].Name))
					}
				}
			}
		}
	},
}

// listeningPort returns the port of an event and its path: webhook events have it themselves, others in their webhook. It is 0 if there
// is none.
func listeningPort(event map[string]any) (port int, path []string) {
	path = []string{"port"}
	if webhook, ok := event["webhook"].(map[string]any); ok {
		event, path = webhook, []string{"webhook", "port"}
	}
	text, _ := event["port"].(string)
	port, _ = strconv.Atoi(text) // without a number there is no such port
	return port, path
}

// forwards reports whether a Service forwards to a port of its pods. A named target may be any.
func forwards(service *corev1.Service, port int) bool {
	return service.Spec.ClusterIP == corev1.ClusterIPNone || slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool {
		return p.TargetPort.StrVal != "" || cmp.Or(p.TargetPort.IntVal, p.Port) == int32(port)
	})
}
