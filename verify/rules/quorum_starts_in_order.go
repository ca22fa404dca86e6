package rules

import "github.com/holdfast-ha/holdfast/verify/workload"

// It takes a voter whose startup or readiness probe asks something that may be the cluster's state: one that only connects
// to a port, or is known to be about the one voter, lets the next one start.
var quorumStartsInOrder = &Rule{
	ID:       "quorum-starts-in-order",
	Protects: "Where readiness asks the cluster, the first pod waits for others that are only started when it is ready, for ever; after an outage of all, too.",
	Fix:      "podManagementPolicy: Parallel. It cannot be changed later: delete the StatefulSet with --cascade=orphan and make it again.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			if w.Kind == workload.StatefulSet && !w.Rollout.Parallel && waitsForOthers(w) {
				find(in(w.Object, "spec", "podManagementPolicy"), "its voters start one after the other, each when the one before is ready")
			}
		}
	},
}
