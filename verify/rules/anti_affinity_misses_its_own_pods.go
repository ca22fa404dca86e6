package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Anti-affinity may be meant for somebody else's pods. So this is a fault only where nobody here has such pods, either; where
// there are several pods of its own, and nothing else keeps them apart over the same key; and where all that makes pods
// is known.
var antiAffinityMissesItsOwnPods = &Rule{
	ID:       "anti-affinity-misses-its-own-pods",
	Protects: "Anti-affinity that selects no pod keeps none apart: all may land on one node.",
	Fix:      "Select labels of the pods' own template.",
	check: func(s *workload.System, find func(Place, string)) {
		if len(s.Unsupported) > 0 {
			return
		}
		for _, w := range s.Workloads {
			all := keptApart(w)
			for _, a := range all {
				if a.spread != nil || !a.here || a.abroad || a.own() || w.Replicas < 2 || slices.ContainsFunc(s.Workloads, a.counts) {
					continue
				}
				if !slices.ContainsFunc(all, func(other apart) bool { return other.key == a.key && other.own() }) {
					find(a.at("labelSelector"), fmt.Sprintf("%s selects no pod here, not its own %d either", a.kind(), w.Replicas))
				}
			}
		}
	},
}
