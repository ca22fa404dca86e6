package rules

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// listening are the types of event sources to which others send requests (those that use pkg/eventsources/common/webhook in Argo Events
// v1.9.11).
var listening = []string{"bitbucket", "bitbucketserver", "gerrit", "github", "gitlab", "slack", "sns", "storageGrid", "stripe", "webhook"}

// The controller creates a Service only if spec.service has ports (buildService in pkg/reconciler/eventsource/resource.go). Any Service
// of the manifests that selects the pods counts.
var eventSourceUnreachable = &Rule{
	ID:       "event-source-unreachable",
	Severity: Error,
	Protects: "An event source that waits for requests needs a Service: its pods have no fixed address, and nothing reaches them.",
	Fix:      "Set spec.service.ports with the port of the event source, or create a Service with the selector eventsource-name.",
	check: func(s *facts.System, report reporter) {
		for _, source := range s.EventSources() {
			w := s.WorkloadOf(source.Object)
			i := slices.IndexFunc(listening, func(kind string) bool { return len(source.Events[kind]) > 0 })
			if w == nil || i < 0 || slices.ContainsFunc(s.Services, func(service *corev1.Service) bool { return facts.IsBackend(service, w) }) {
				continue
			}
			report(facts.In(source.Object, "spec", listening[i]), fmt.Sprintf("waits for requests of the type %s, and no Service selects its pods", listening[i]))
		}
	},
}
