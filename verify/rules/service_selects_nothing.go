package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// The pods of a Service may be in other manifests, and operators set labels on running pods. So only a Service is reported that is
// meant for pods of the manifests: see facts.MeantBackend.
var serviceSelectsNothing = &Rule{
	ID:       "service-selects-nothing",
	Severity: Error,
	Protects: "A Service that selects no pod has no endpoints: every connection to it is refused.",
	Fix:      "Select labels of the pod template.",
	check: func(s *facts.System, report reporter) {
		for o, service := range s.SelectingServices() {
			if w := s.MeantBackend(service); w != nil {
				of := map[string]string{}
				for key := range service.Spec.Selector {
					if value, ok := w.Template.Labels[key]; ok {
						of[key] = value
					}
				}
				if len(of) < len(service.Spec.Selector) {
					of = w.Template.Labels
				}
				report(facts.In(o, "spec", "selector"), fmt.Sprintf("selects no pod (%s), and the pods of %s have other labels (%s)", pairs(service.Spec.Selector), w, pairs(of)))
			}
		}
	},
}

// pairs returns labels as text, in order.
func pairs(labels map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, key+": "+labels[key])
	}
	return strings.Join(all, ", ")
}
