package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetsOverlap = &Rule{
	ID:       "budgets-overlap",
	Severity: Warning,
	Protects: "The eviction API refuses to evict a pod that two budgets select: its node cannot be drained.",
	Fix:      "Keep one budget per pod.",
	check: func(s *facts.System, report reporter) {
		first := map[*workload.Workload]facts.Budget{}
		for _, b := range s.DisruptionBudgets() {
			for _, w := range b.Workloads {
				if other, ok := first[w]; ok {
					report(facts.In(b.Object, "spec", "selector"), fmt.Sprintf("selects the pods of %s, and so does %s at %s: no eviction is allowed", w, other.Object, other.Object.At()))
					continue
				}
				first[w] = b
			}
		}
	},
}
