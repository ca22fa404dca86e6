package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// One budget for several workloads can be meant: the zones of a store, each a StatefulSet. It is a fault where the number
// leaves one of them without any pod while it holds on to the pods of another. Of voters budget-allows-quorum-loss speaks.
var budgetSharedByWorkloads = &Rule{
	ID:       "budget-shared-by-workloads",
	Protects: "A budget counts the pods of all workloads that it selects as one: it may let every pod of one go while those of another stay.",
	Fix:      "Give each workload a budget of its own, with a selector that only its pods match.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, b := range s.Budgets {
			all := guarded(s, b)
			n := pods(all)
			lets := allowed(b, n)
			if lets == n || slices.ContainsFunc(all, votes) {
				continue
			}
			for _, w := range all {
				if w.Kind != workload.Job && w.Replicas > 1 && lets >= w.Replicas {
					find(in(b.Object, "spec", "selector"), fmt.Sprintf("lets %d of the %d pods of %s go at once: these may be all %d of %s%s", lets, n, list(all), w.Replicas, w, rounded(b, n)))
					break
				}
			}
		}
	},
}
