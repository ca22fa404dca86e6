package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var quorumIsEven = &Rule{
	ID:       "quorum-is-even",
	Protects: "An even number of voters survives no more failures than one fewer, and two survive none.",
	Fix:      "Run 3 voters, or 5.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if n := w.Replicas; votes(w) && n > 0 && n%2 == 0 {
				find(in(w.Object, "spec", "replicas"), fmt.Sprintf("%d voters go on without %d, as %d would", n, n-workload.Quorum.Needs(n), n-1))
			}
		}
	},
}
