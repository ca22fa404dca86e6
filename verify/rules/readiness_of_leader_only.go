package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only readiness probes that are known to pass on the leader alone are checked: those of Patroni and Vault, and those that name the
// leader, in a workload whose replication is standby, elected or quorum. At most one pod is then available at a time
// (pkg/controller/deployment/rolling.go, pkg/controller/statefulset/stateful_set_control.go).
var readinessOfLeaderOnly = &Rule{
	ID:       "readiness-of-leader-only",
	Severity: Warning,
	Protects: "Rollouts wait until new pods are ready, and budgets count ready pods. If only the leader is ready, a rollout never ends and the leader is never evicted.",
	Fix:      "Let the readiness probe pass on every pod that could lead: Patroni /readiness, Vault ?standbyok=true. Route to the leader by a label that it sets. A Deployment may use strategy Recreate instead, with an outage at each rollout.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			rolls := w.Rollout.Type == "RollingUpdate" && w.Rollout.MaxUnavailable < w.Replicas
			if w.LeaderOnly != "" && rolls && (w.Kind == workload.Deployment || w.Replicas > 1) && w.Replicas > 0 {
				report(facts.InTemplate(w, "spec", "containers"), fmt.Sprintf("%s: its rollout never ends, with maxUnavailable %d of %d pods", w.LeaderOnly, w.Rollout.MaxUnavailable, w.Replicas))
			}
		}
		for _, b := range s.DisruptionBudgets() {
			for _, w := range b.Workloads {
				if w.LeaderOnly != "" && len(b.Workloads) == 1 && w.Replicas > 1 && b.Pods-b.AllowedDisruptions() > 0 {
					report(facts.In(b.Object, "spec"), fmt.Sprintf("never allows the eviction of the leader of %s: %s", w, w.LeaderOnly))
				}
			}
		}
	},
}
