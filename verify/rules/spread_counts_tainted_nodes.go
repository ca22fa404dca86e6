package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// A domain that counts but accepts no pod is harmless if maxSkew pods in each of the others are enough.
var spreadCountsTaintedNodes = &Rule{
	ID:       "spread-counts-tainted-nodes",
	Severity: Error,
	Protects: "By default, topology spread counts tainted nodes. Those of the control plane stay empty, no other may exceed them by more than maxSkew, and further pods stay Pending.",
	Fix:      "Set nodeTaintsPolicy: Honor.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			for _, l := range nodes.Limits(w) {
				if w.Replicas > l.Pods && len(l.TaintedDomains) > 0 {
					report(l.In, fmt.Sprintf("there is no place for %d of %d pods: %s", w.Replicas-l.Pods, w.Replicas, l.Why))
				}
			}
		}
	},
}
