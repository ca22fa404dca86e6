package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// A constraint that does not count the pods of its own template has no other use. An empty selector looks as if it selected all
// pods, and selects none.
var spreadMissesItsOwnPods = &Rule{
	ID:       "spread-misses-its-own-pods",
	Severity: Note,
	Protects: "Topology spread that does not select its own pods has no effect: all may run on one node.",
	Fix:      "Select labels of the pods' own template.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range s.Constraints(w) {
				if c.Kind == placement.Spread && !c.SelectsOwn() {
					report(c.In("labelSelector"), fmt.Sprintf("%s does not select its own pods", c))
				}
			}
		}
	},
}
