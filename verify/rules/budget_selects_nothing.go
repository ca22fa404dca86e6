package rules

import "github.com/holdfast-ha/holdfast/verify/workload"

var budgetSelectsNothing = &Rule{
	ID:       "budget-selects-nothing",
	Protects: "A budget for no pods looks like protection, and a drain takes all pods at once.",
	Fix:      "Select labels that the pods' template has, in the pods' own namespace.",
	check: func(s *workload.System, find func(Place, string)) {
		// A controller that nothing is known of may make pods with any labels.
		if len(s.Unsupported) > 0 {
			return
		}
		for _, b := range s.Budgets {
			if len(guarded(s, b)) == 0 {
				find(in(b.Object, "spec", "selector"), "selects no pod of any workload here")
			}
		}
	},
}
