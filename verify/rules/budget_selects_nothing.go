package rules

import "github.com/holdfast-ha/holdfast/verify/rules/facts"

var budgetSelectsNothing = &Rule{
	ID:       "budget-selects-nothing",
	Severity: Note,
	Protects: "A budget that selects no pod has no effect: a drain evicts all pods at once.",
	Fix:      "Select labels of the pod template, in the namespace of the pods.",
	check: func(s *facts.System, report reporter) {
		// The controller of an unsupported kind may create pods with any labels.
		if len(s.Unsupported) > 0 {
			return
		}
		for _, b := range s.DisruptionBudgets() {
			if len(b.Workloads) == 0 {
				report(facts.In(b.Object, "spec", "selector"), "selects no pod of any workload in the manifests")
			}
		}
	},
}
