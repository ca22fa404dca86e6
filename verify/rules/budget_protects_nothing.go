package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// A budget that allows the eviction of a single pod is right: it states that a drain may stop the pod. For quorum members,
// budget-allows-quorum-loss reports the fault.
var budgetProtectsNothing = &Rule{
	ID:       "budget-protects-nothing",
	Severity: Note,
	Protects: "A budget that allows the eviction of all pods at once has no effect: a drain of several nodes stops the workload.",
	Fix:      "Set maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			field, value := b.Field()
			if field != "" && b.Pods > 1 && b.AllowedDisruptions() == b.Pods && !slices.ContainsFunc(b.Workloads, facts.IsQuorum) {
				report(facts.In(b.Object, "spec", field), fmt.Sprintf("%s %s allows the eviction of all %d pods of %s at once%s", field, value.String(), b.Pods, facts.List(b.Workloads), b.Rounding()))
			}
		}
	},
}
