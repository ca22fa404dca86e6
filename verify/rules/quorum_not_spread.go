package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only a quorum without any constraint is a fault: a preference, on any key, is a decision of the author. A host port keeps pods
// apart as well.
var quorumNotSpread = &Rule{
	ID:       "quorum-not-spread",
	Severity: Warning,
	Protects: "The scheduler may place a majority of the members on one node, and does so if that node has the most capacity. The failure of this node ends the quorum.",
	Fix:      "Add required anti-affinity on kubernetes.io/hostname, or a topology spread constraint with whenUnsatisfiable: DoNotSchedule.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Quorums() {
			if !s.MayBeSpread(w) && facts.MajorityLoss(w) <= w.Replicas {
				report(facts.InTemplate(w, "spec"), fmt.Sprintf("no constraint keeps its %d quorum members apart: with %d of them on one node, the others are no majority", w.Replicas, facts.MajorityLoss(w)))
			}
		}
	},
}
