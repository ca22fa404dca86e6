package rules

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Another Service must select the same pods. Without one, the Services may be in other manifests.
var quorumServiceMissing = &Rule{
	ID:       "quorum-service-missing",
	Severity: Error,
	Protects: "The DNS names of a StatefulSet's pods need the Service in serviceName. Without it, quorum members have no names and cannot find each other.",
	Fix:      "Set spec.serviceName to the headless Service that selects the quorum members. The field is immutable: delete the StatefulSet with --cascade=orphan and create it again.",
	check: func(s *facts.System, report reporter) {
		for w, set := range s.QuorumStatefulSets() {
			var others []string
			for _, service := range s.Services {
				if service.Namespace == w.Namespace && service.Name == set.Spec.ServiceName {
					others = nil
					break
				}
				if facts.IsBackend(service, w) {
					others = append(others, service.Name)
				}
			}
			if len(others) > 0 && set.Spec.ServiceName != "" {
				report(facts.In(w.Object, "spec", "serviceName"), fmt.Sprintf("there is no Service %s; its pods are selected by %s", set.Spec.ServiceName, strings.Join(others, ", ")))
			}
		}
	},
}
