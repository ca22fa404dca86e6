package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a claim that is written down, for its access modes, and pods that nothing binds to one node.
var claimShared = &Rule{
	ID:       "claim-shared",
	Protects: "A volume that one node has at a time lets no pod start on another: replicas wait, or all are on the one node.",
	Fix:      "A StatefulSet with volumeClaimTemplates gives each pod a volume of its own; for one that all share, a storage class with ReadWriteMany.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, m := range oneNode(s) {
			n := 0
			for _, w := range m.by {
				n += w.Replicas
				if w.Kind == workload.DaemonSet {
					n += 2 // one on each node
				}
			}
			if n > 1 && (m.onePod() || !slices.ContainsFunc(m.by, together)) {
				find(at(m.by[0], m.at...), fmt.Sprintf("claim %s (%s) is mounted by all pods of %s", m.claim.Name, m.modes(), list(m.by)))
			}
		}
	},
}
