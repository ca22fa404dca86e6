package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// One budget for several workloads can be right, for example for a store with a StatefulSet per zone. It is a fault if it allows
// the eviction of all pods of one workload while it protects those of another. For quorum members, budget-allows-quorum-loss
// reports the fault.
var budgetSharedByWorkloads = &Rule{
	ID:       "budget-shared-by-workloads",
	Severity: Note,
	Protects: "A budget counts the pods of all selected workloads together. It may allow the eviction of every pod of one while those of another stay.",
	Fix:      "Create one budget per workload, with a selector that only its pods match.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			allowed := b.AllowedDisruptions()
			if allowed == b.Pods || slices.ContainsFunc(b.Workloads, facts.IsQuorum) {
				continue
			}
			for _, w := range b.Workloads {
				if w.Kind != workload.Job && w.Replicas > 1 && allowed >= w.Replicas {
					report(facts.In(b.Object, "spec", "selector"), fmt.Sprintf("allows the eviction of %d of the %d pods of %s at once: these may be all %d of %s%s",
						allowed, b.Pods, facts.List(b.Workloads), w.Replicas, w, b.Rounding()))
					break
				}
			}
		}
	},
}
