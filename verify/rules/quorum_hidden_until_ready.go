package rules

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only the Service that governs the StatefulSet is checked, for quorum members that may become ready only with the others.
var quorumHiddenUntilReady = &Rule{
	ID:       "quorum-hidden-until-ready",
	Severity: Error,
	Protects: "Quorum members find each other by DNS names that exist only for ready pods, and become ready only when they have found each other.",
	Fix:      "Set publishNotReadyAddresses: true on the headless Service. Give clients another Service.",
	check: func(s *facts.System, report reporter) {
		services := facts.Objects[corev1.Service](s, "v1", "Service")
		for w, set := range s.QuorumStatefulSets() {
			for o, service := range services {
				if o.Name == set.Spec.ServiceName && o.Namespace == w.Namespace && !service.Spec.PublishNotReadyAddresses && s.ReadinessNeedsPeers(w) {
					report(facts.In(o, "spec", "publishNotReadyAddresses"), fmt.Sprintf("has DNS names for the %d quorum members of %s only while they are ready", w.Replicas, w))
				}
			}
		}
	},
}
