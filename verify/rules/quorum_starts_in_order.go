package rules

import "github.com/holdfast-ha/holdfast/verify/workload"

var quorumStartsInOrder = &Rule{
	ID:       "quorum-starts-in-order",
	Protects: "Where readiness asks the cluster, the first pod waits for others that are only started when it is ready, for ever; after an outage of all, too.",
	Fix:      "podManagementPolicy: Parallel. It cannot be changed later: delete the StatefulSet with --cascade=orphan and make it again.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind == workload.StatefulSet && w.Replication.Model == workload.Quorum && w.Replicas > 1 && !w.Roll.Parallel {
				find(in(w.Object, "spec", "podManagementPolicy"), "its voters start one after the other, each when the one before is ready")
			}
		}
	},
}
