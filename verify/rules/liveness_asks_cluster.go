package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only known requests are checked: by HTTP, by a command, or by a script in a ConfigMap of the manifests. Most mean the cluster only
// for known quorum software; some commands show it by themselves. NATS has cluster state only with JetStream: without a volume, and
// with assumed replication, it may run without.
var livenessAsksCluster = &Rule{
	ID:       "liveness-asks-cluster",
	Severity: Warning,
	Protects: "A liveness probe that depends on other members restarts the remaining ones after a failure, and they cannot form a majority again.",
	Fix:      "Probe the state of this server alone: NATS /healthz?js-enabled-only=true, etcd /livez, Vault /v1/sys/health?standbyok=true, CockroachDB /health, MinIO /minio/health/live, Redis and Sentinel redis-cli ping. Queries of the cluster belong in a readiness probe or an alert.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Replicas < 2 || w.Kind == workload.Job {
				continue
			}
			members := map[string]bool{}
			if facts.IsQuorum(w) && !(w.Replication.Assumed && len(w.Claims) == 0) {
				for _, c := range facts.QuorumContainers(w) {
					members[c.Name] = true
				}
			}
			for _, c := range facts.Containers(w) {
				if c.LivenessProbe == nil {
					continue
				}
				p := s.Probe(w, c, "livenessProbe", c.LivenessProbe)
				if h, known := c.HealthCheck(p); known && h.ClusterState != "" && (members[c.Name] || h.ShowsCluster()) {
					report(facts.InTemplate(w, append(c.Path, p.Field)...), fmt.Sprintf("the liveness probe %q of container %s %s", p.Request(), c.Name, h.ClusterState))
				}
			}
		}
	},
}
