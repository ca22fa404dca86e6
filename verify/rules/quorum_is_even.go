package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

var quorumIsEven = &Rule{
	ID:       "quorum-is-even",
	Severity: Note,
	Protects: "An even number of quorum members survives no more failures than one member less, and two members survive none.",
	Fix:      "Run 3 or 5 members.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if n := w.Replicas; facts.IsQuorum(w) && n > 0 && n%2 == 0 {
				report(facts.In(w.Object, "spec", "replicas"), fmt.Sprintf("%d quorum members survive the failure of %d, the same as %d", n, n-w.Replication.Needs(n), n-1))
			}
		}
	},
}
