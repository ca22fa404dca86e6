package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Members of software that divides its data among them may be any number from three on: they share the load.
var quorumIsEven = &Rule{
	ID:       "quorum-is-even",
	Severity: Note,
	Protects: "An even number of quorum members survives no more failures than one member less, and two members survive none.",
	Fix:      "Run 3 or 5 members.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if !facts.IsQuorum(w) || w.Group != nil && w.Group.Workloads[0] != w {
				continue
			}
			n, majority := facts.Members(w)
			if n == 0 || n%2 != 0 || n > 2 && w.Software != nil && w.Software.SharesLoad {
				continue
			}
			in := ""
			if w.Group != nil {
				in = fmt.Sprintf(" (%s)", w.Group)
			}
			report(facts.In(w.Object, "spec", "replicas"), fmt.Sprintf("%d quorum members survive the failure of %d, the same as %d%s", n, n-majority, n-1, in))
		}
	},
}
