package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetBlocksDrain = &Rule{
	ID:       "budget-blocks-drain",
	Protects: "A node that cannot be drained cannot be upgraded: the drain waits for ever, or somebody forces it.",
	Fix:      "Give the workload a pod more than the budget wants, or take the budget away: it cannot protect a single pod.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, b := range s.Budgets {
			all := guarded(s, b)
			if n := pods(all); n > 0 && allowed(b, n) == 0 {
				find(in(b.Object, "spec"), fmt.Sprintf("lets none of the %d pods go, ever, of %s%s", n, list(all), rounded(b, n)))
			}
		}
	},
}
