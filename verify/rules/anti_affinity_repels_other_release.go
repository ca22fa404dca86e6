package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Required anti-affinity may be meant to keep two services apart; then it seldom selects its own pods with the same term.
// This is a fault where it does, and the other workload runs the same images and is by its labels another release: the
// chart installed twice.
var antiAffinityRepelsOtherRelease = &Rule{
	ID:       "anti-affinity-repels-other-release",
	Protects: "Two releases whose pods must not share a node need the nodes of both: pods of the second wait, and so do those of both when a node is lost.",
	Fix:      "Select app.kubernetes.io/instance as well.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, a := range keptApart(w) {
				if a.spread != nil || !a.hard || !a.own() {
					continue
				}
				others := slices.DeleteFunc(strangers(s, a), func(other *workload.Workload) bool { return !shareImage(w, other) })
				if len(others) > 0 {
					find(a.at("labelSelector"), fmt.Sprintf("%s keeps its pods away from those of %s, which is another release", a.kind(), list(others)))
				}
			}
		}
	},
}
