package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a quorum that says nothing at all: a soft rule, over whatever, is the author's answer. A port of the node keeps
// pods apart as well.
var quorumNotSpread = &Rule{
	ID:       "quorum-not-spread",
	Protects: "The scheduler may put a majority of the voters on one node, and does where that node has the most room: then its loss is the quorum's.",
	Fix:      "Required anti-affinity on kubernetes.io/hostname, or a topology spread constraint with whenUnsatisfiable: DoNotSchedule.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			if !spread(w) {
				find(at(w, "spec"), fmt.Sprintf("nothing keeps its %d voters apart: a node may have %d of them, and the rest is no majority", w.Replicas, tooMany(w)))
			}
		}
	},
}

// tooMany is how many voters a quorum cannot lose.
func tooMany(w *workload.Workload) int { return w.Replicas - workload.Quorum.Needs(w.Replicas) + 1 }
