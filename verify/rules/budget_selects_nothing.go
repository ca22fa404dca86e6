package rules

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// An operator may label its pods by their role at run time. The controller of an unsupported kind may create pods with any labels. Beside one, only a misspelt label is reported.
var budgetSelectsNothing = &Rule{
	ID:       "budget-selects-nothing",
	Severity: Note,
	Protects: "A budget that selects no pod has no effect: a drain evicts all pods at once.",
	Fix:      "Select labels of the pod template, in the namespace of the pods.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			if len(b.Workloads) > 0 || slices.ContainsFunc(s.Workloads, b.SelectsRole) {
				continue
			}
			misspelt := b.Selector != nil && len(b.Selector.MatchExpressions) == 0 && slices.ContainsFunc(s.Workloads, func(w *workload.Workload) bool {
				return w.Namespace == b.Object.Namespace && facts.Misspells(b.Selector.MatchLabels, w.Template.Labels)
			})
			if misspelt || len(s.Unsupported) == 0 {
				report(facts.In(b.Object, "spec", "selector"), "selects no pod of any workload in the manifests")
			}
		}
	},
}
