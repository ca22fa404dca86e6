package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only known requests to known software are checked. NATS has cluster state only with JetStream: without a volume, and with
// assumed replication, it may run without.
var livenessAsksCluster = &Rule{
	ID:       "liveness-asks-cluster",
	Severity: Warning,
	Protects: "A liveness probe that depends on the quorum restarts the remaining members after a failure, and they cannot form a majority again.",
	Fix:      "Probe the state of this server alone: NATS /healthz?js-enabled-only=true, etcd /livez, Vault /v1/sys/health?standbyok=true, CockroachDB /health.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Quorums() {
			for _, c := range facts.QuorumContainers(w) {
				if c.LivenessProbe == nil || w.Replication.Assumed && len(w.Claims) == 0 {
					continue
				}
				p := facts.Probe{Field: "livenessProbe", Probe: c.LivenessProbe}
				if h, known := c.HealthCheck(p); known && h.ClusterState != "" {
					report(facts.InTemplate(w, append(c.Path, p.Field)...), fmt.Sprintf("the liveness probe %q of container %s %s", p.Request(), c.Name, h.ClusterState))
				}
			}
		}
	},
}
