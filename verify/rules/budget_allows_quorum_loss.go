package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

var budgetAllowsQuorumLoss = &Rule{
	ID:       "budget-allows-quorum-loss",
	Severity: Warning,
	Protects: "A quorum without a majority of its members accepts no writes, and a drain is limited by the budget alone.",
	Fix:      "Allow one eviction at a time: maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		evicted := map[*workload.Group]int{}
		for _, b := range s.DisruptionBudgets() {
			allowed := b.AllowedDisruptions()
			seen := map[*workload.Group]bool{}
			for _, w := range b.Workloads {
				if !facts.IsQuorum(w) || seen[w.Group] {
					continue
				}
				members, majority := facts.Members(w)
				name, pods := w.String(), w.Replicas
				if w.Group != nil {
					seen[w.Group] = true
					for _, other := range b.Workloads {
						if other != w && other.Group == w.Group {
							name, pods = w.Group.String(), pods+other.Replicas
						}
					}
				}
				now := min(allowed, pods)
				switch {
				case members-now < majority:
					report(facts.In(b.Object, "spec"), fmt.Sprintf("allows the eviction of %d of %d quorum members of %s at once, which leaves no majority%s",
						now, members, name, b.Rounding()))
				case w.Group != nil && members-now-evicted[w.Group] < majority:
					report(facts.In(b.Object, "spec"), fmt.Sprintf("allows the eviction of %d of %d quorum members, which leaves no majority with the %d that other budgets allow in the same cluster (%s)",
						now, members, evicted[w.Group], w.Group), "Select the pods of all members with one budget, and allow one eviction at a time: maxUnavailable: 1.")
				}
				if w.Group != nil {
					evicted[w.Group] += now
				}
			}
		}
	},
}
