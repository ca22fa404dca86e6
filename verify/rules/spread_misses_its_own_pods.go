package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A constraint that does not count the pods it stands in has no other use: it would follow pods of somebody else around.
// An empty selector looks as if it counted all pods, and counts none.
var spreadMissesItsOwnPods = &Rule{
	ID:       "spread-misses-its-own-pods",
	Protects: "A spread constraint that does not select the pods it stands in spreads nothing: all may land on one node.",
	Fix:      "Select labels of the pods' own template.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, a := range keptApart(w) {
				if a.spread != nil && !a.own() {
					find(a.at("labelSelector"), fmt.Sprintf("%s does not select its own pods", a.kind()))
				}
			}
		}
	},
}
