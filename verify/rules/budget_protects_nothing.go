package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Where there is but one pod, a budget that lets it go says that drains may stop it, and is right. Where voters are among
// the pods, budget-allows-quorum-loss speaks of them.
var budgetProtectsNothing = &Rule{
	ID:       "budget-protects-nothing",
	Protects: "A budget that lets all pods go at once looks like protection, and a drain of several nodes stops the workload.",
	Fix:      "maxUnavailable: 1.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, b := range s.Budgets {
			all := guarded(s, b)
			field, value := number(b)
			if n := pods(all); field != "" && n > 1 && allowed(b, n) == n && !slices.ContainsFunc(all, votes) {
				find(in(b.Object, "spec", field), fmt.Sprintf("%s is %s: all %d pods of %s may go at once%s", field, value.String(), n, list(all), rounded(b, n)))
			}
		}
	},
}
