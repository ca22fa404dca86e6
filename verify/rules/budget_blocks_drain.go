package rules

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetBlocksDrain = &Rule{
	ID:       "budget-blocks-drain",
	Severity: Warning,
	Protects: "A node that cannot be drained cannot be upgraded: the drain never ends unless it is forced.",
	Fix:      "Set maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			if b.Pods > 0 && b.AllowedDisruptions() == 0 {
				report(facts.In(b.Object, "spec"), fmt.Sprintf("never allows an eviction from %s (pods: %d)%s", facts.List(b.Workloads), b.Pods, b.Rounding()), fixOfBlockingBudget(b))
			}
		}
	},
}

// fixOfBlockingBudget returns the fix for the cause: a single pod, minAvailable, or maxUnavailable. It never removes the budget of a
// quorum.
func fixOfBlockingBudget(b facts.Budget) string {
	field, value := b.Field()
	set := "Set maxUnavailable: 1."
	if field == "minAvailable" {
		set = fmt.Sprintf("Set maxUnavailable: 1 instead of minAvailable: %s.", value.String())
	}
	quorum := slices.ContainsFunc(b.Workloads, facts.IsQuorum)
	single := slices.ContainsFunc(b.Workloads, func(w *workload.Workload) bool { return w.Replication.Model == workload.Single })
	switch {
	case b.Pods == 1 && quorum:
		return set + " A drain then stops the only member: run 3."
	case b.Pods == 1 && single:
		return set + " A drain then stops the pod until it runs on another node; this workload never has two."
	case b.Pods == 1:
		return set + " A drain then stops the only pod until it runs on another node; run a second pod if it must not."
	case field == "minAvailable" && value.Type == intstr.Int && !quorum:
		return set + " More pods help only as long as their number is above minAvailable."
	case quorum:
		return set + " More members do not help, and without a budget a drain can stop the majority."
	}
	return set + " More pods do not help."
}
