package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetAllowsQuorumLoss = &Rule{
	ID:       "budget-allows-quorum-loss",
	Protects: "A quorum that is drained away stops all writes, and a drain asks nobody but the budget.",
	Fix:      "Let one voter go at a time: maxUnavailable: 1.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, b := range s.Budgets {
			all := guarded(s, b)
			lets := allowed(b, pods(all))
			for _, w := range all {
				if left := max(0, w.Replicas-lets); votes(w) && left < workload.Quorum.Needs(w.Replicas) {
					find(in(b.Object, "spec"), fmt.Sprintf("lets %d of the %d voters of %s go at once; %d are no majority%s", min(lets, w.Replicas), w.Replicas, w, left, rounded(b, pods(all))))
				}
			}
		}
	},
}
