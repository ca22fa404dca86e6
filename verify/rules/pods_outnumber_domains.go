package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only required constraints count, on nodes without other pods: pods that are Pending here are Pending on every such cluster.
var podsOutnumberDomains = &Rule{
	ID:       "pods-outnumber-domains",
	Severity: Error,
	Protects: "Pods that must not share a node or a zone stay Pending if there are more pods than nodes or zones.",
	Fix:      "Run as many pods as there are domains, or make the constraint a preference.",
	byNumber: true,
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			for _, l := range nodes.Limits(w) {
				if w.Replicas > l.Pods && len(l.TaintedDomains) == 0 {
					report(l.In, fmt.Sprintf("there is no place for %d of %d pods: %s", w.Replicas-l.Pods, w.Replicas, l.Why))
				}
			}
		}
	},
}
