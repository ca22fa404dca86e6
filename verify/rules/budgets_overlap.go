package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetsOverlap = &Rule{
	ID:       "budgets-overlap",
	Protects: "The eviction API refuses a pod that two budgets select: its node cannot be drained.",
	Fix:      "Leave one budget for each pod.",
	check: func(s *workload.System, find func(Place, string)) {
		first := map[*workload.Workload]*workload.Budget{}
		for _, b := range s.Budgets {
			for _, w := range guarded(s, b) {
				if other := first[w]; other != nil {
					find(in(b.Object, "spec", "selector"), fmt.Sprintf("selects the pods of %s, and so does %s at %s: no eviction is allowed", w, other.Object, other.Object.At()))
					continue
				}
				first[w] = b
			}
		}
	},
}
