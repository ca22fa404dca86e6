package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

var budgetAllowsQuorumLoss = &Rule{
	ID:       "budget-allows-quorum-loss",
	Severity: Warning,
	Protects: "A quorum without a majority of its members accepts no writes, and a drain is limited by the budget alone.",
	Fix:      "Allow one eviction at a time: maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			allowed := b.AllowedDisruptions()
			for _, w := range b.Workloads {
				if left := max(0, w.Replicas-allowed); facts.IsQuorum(w) && left < w.Replication.Needs(w.Replicas) {
					report(facts.In(b.Object, "spec"), fmt.Sprintf("allows the eviction of %d of %d quorum members of %s at once, which leaves no majority%s",
						min(allowed, w.Replicas), w.Replicas, w, b.Rounding()))
				}
			}
		}
	},
}
