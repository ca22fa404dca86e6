package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// "kubectl drain --ignore-daemonsets" leaves the pods of DaemonSets on the node and needs no permission of a budget for them
// (daemonSetFilter in k8s.io/kubectl/pkg/drain/filters.go). Their rollout does not ask a budget either.
var budgetIgnoredByDrain = &Rule{
	ID:       "budget-ignored-by-drain",
	Severity: Note,
	Protects: "A drain leaves the pods of a DaemonSet on their node, so a budget for them has no effect. With maxUnavailable or a percentage, its status is an error besides.",
	Fix:      "Remove the budget. For rollouts, set updateStrategy.rollingUpdate of the DaemonSet.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			if b.OnlyDaemonSets() {
				report(facts.In(b.Object, "spec", "selector"), fmt.Sprintf("selects only pods of %s, which a drain does not evict", facts.List(b.Workloads)))
			}
		}
	},
}
