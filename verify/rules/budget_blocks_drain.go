package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

var budgetBlocksDrain = &Rule{
	ID:       "budget-blocks-drain",
	Severity: Warning,
	Protects: "A node that cannot be drained cannot be upgraded: the drain never ends unless it is forced.",
	Fix:      "Run one more pod than the budget requires, or remove the budget: it cannot protect a single pod.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			if b.Pods > 0 && b.AllowedDisruptions() == 0 {
				report(facts.In(b.Object, "spec"), fmt.Sprintf("never allows an eviction from %s (pods: %d)%s", facts.List(b.Workloads), b.Pods, b.Rounding()))
			}
		}
	},
}
