package rules

import (
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only members with a startup or readiness probe that may depend on the cluster state are a fault. A probe that only opens a
// connection, or is known to concern one member, lets the next member start.
var quorumStartsInOrder = &Rule{
	ID:       "quorum-starts-in-order",
	Severity: Error,
	Protects: "If readiness depends on the cluster, the first pod waits for others that start only after it is ready: the quorum never starts, not even after an outage.",
	Fix:      "Set podManagementPolicy: Parallel. The field is immutable: delete the StatefulSet with --cascade=orphan and create it again.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Quorums() {
			if w.Kind == workload.StatefulSet && !w.Rollout.Parallel && s.ReadinessNeedsPeers(w) {
				report(facts.In(w.Object, "spec", "podManagementPolicy"), "its quorum members start one after the other, each after the previous one is ready")
			}
		}
	},
}
