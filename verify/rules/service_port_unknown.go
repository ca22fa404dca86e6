package rules

import (
	"fmt"
	"strconv"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only ports by name are checked: a number needs no declaration. The endpoint controller looks up the name among the ports of all
// containers, sidecars included, and leaves out pods without it (FindPort in k8s.io/kubernetes/pkg/api/v1/pod).
var servicePortUnknown = &Rule{
	ID:       "service-port-unknown",
	Severity: Error,
	Protects: "A port of a Service that targets a port name no container declares has no endpoints: every connection to it is refused.",
	Fix:      "Use the name of a port of a container, or its number.",
	check: func(s *facts.System, report reporter) {
		for o, p := range s.UndeclaredPorts() {
			report(facts.In(o, "spec", "ports", strconv.Itoa(p.Index), "targetPort"), fmt.Sprintf("no container of %s has a port named %s", facts.List(p.Backends), p.Name))
		}
	},
}
