package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only questions are judged whose answer is known to be the cluster's, of known software. NATS asks the cluster only with
// JetStream: without a claim, and where nobody said that it is a quorum, it may have none.
var livenessAsksCluster = &Rule{
	ID:       "liveness-asks-cluster",
	Protects: "A liveness probe that fails with the quorum restarts the voters that are left, and they never find together.",
	Fix:      "Ask the one server alone: NATS /healthz?js-enabled-only=true, etcd /livez, Vault /v1/sys/health?standbyok=true, CockroachDB /health.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			for _, c := range voting(w) {
				if c.LivenessProbe == nil || w.Replication.Assumed && len(w.Claims) == 0 {
					continue
				}
				live := named{"livenessProbe", c.LivenessProbe}
				if a, known := answerOf(c, live); known && a.why != "" {
					find(at(w, append(c.at, live.field)...), fmt.Sprintf("container %s is restarted by %q, which %s", c.Name, live.asks(), a.why))
				}
			}
		}
	},
}
