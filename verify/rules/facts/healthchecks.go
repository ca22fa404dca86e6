package facts

import (
	"regexp"
	"slices"
)

// HealthCheck is the known meaning of a probe's request to a quorum member.
type HealthCheck struct {
	// ClusterState is how the result depends on other members, as the end of a sentence; "" if it concerns this member alone.
	ClusterState string

	// software are the programs with this health check; nil for any program: the command then shows what it queries.
	software []string
	request  *regexp.Regexp
}

// ShowsCluster reports whether the request alone shows that the pods form a cluster, whatever is known of their software.
func (h HealthCheck) ShowsCluster() bool { return h.ClusterState != "" && h.software == nil }

// healthChecks are known health checks. The first that matches counts. Sources:
//   - nats: nats-server's server/monitor.go, healthz
//   - etcd: server/etcdserver/api/etcdhttp/health.go; "endpoint health" of etcdctl commits a proposal
//   - vault and openbao: API documentation of /sys/health
//   - cockroach: API documentation of /health
//   - zookeeper: the administrator's guide on ruok, which the script of the Kubernetes example runs
//   - rabbitmq: monitoring guide, health checks; check_if_node_is_quorum_critical in rabbitmq_cli
//   - sentinel: sentinelIsQuorumReachable in src/sentinel.c; cluster_state in src/cluster_legacy.c
//   - consul and vault raft: RPC endpoints Operator.RaftGetConfiguration and sys/storage/raft/configuration are served by the leader
//   - vault status: exit code 2 while sealed (command/status.go)
//   - zookeeper zkServer.sh: "status" fails while the server is in no quorum
//   - galera: wsrep_cluster_status is Primary, and wsrep_ready is ON, only with a majority
//   - minio: ClusterCheckHandler in cmd/healthcheck-handler.go
//   - elasticsearch and opensearch: API documentation of cluster health; with local=true the node answers by itself
//   - mongodb: a member without a majority is a secondary (manual, replica set member states)
//   - kafka: kafka-metadata-quorum.sh queries the leader; cockroach: "node status" reads a table of the cluster
var healthChecks = []HealthCheck{
	{"", nats, regexp.MustCompile(`^/healthz.*[?&]js-(server|enabled)(-only)?=(1|[tT]|TRUE|true|True)(&|$)`)},
	{"fails while JetStream has no leader or a stream lags", nats, regexp.MustCompile(`^/healthz`)},
	{"", nats, regexp.MustCompile(`^/(varz)?$`)},
	{"", etcd, regexp.MustCompile(`^/livez|^/health.*[?&]serializable=true(&|$)`)},
	{"fails while there is no leader", etcd, regexp.MustCompile(`^/health|^/readyz`)},
	{"commits a proposal and fails without a majority", nil, regexp.MustCompile(`\betcdctl\b.*\bendpoint\s+health\b`)},
	{"", vault, regexp.MustCompile(`^/v1/sys/health.*[?&](standbyok=true(&|$)|standbycode=[23])`)},
	{"returns 429 on every member but the active one", vault, regexp.MustCompile(`^/v1/sys/health`)},
	{"fails while no majority is reachable", cockroach, regexp.MustCompile(`^/health.*[?&]ready=`)},
	{"", cockroach, regexp.MustCompile(`^/health`)},
	{"", nil, regexp.MustCompile(`\b(ruok|zookeeper-ready)\b`)},
	{"", nil, regexp.MustCompile(`\brabbitmq-diagnostics\b.*\sping\b`)},
	{"", nil, regexp.MustCompile(`\b(hello|isMaster)\(\)\.secondary\b`)},
	{"fails while the other Sentinels that agree on a failover are missing", nil, regexp.MustCompile(`(?i)\bsentinel\s+ckquorum\b`)},
	{"fails while any slot of the cluster is not served", nil, regexp.MustCompile(`(?i)\bcluster\s+info\b[\s\S]*\bcluster_state\b`)},
	{"fails while there is no leader", nil, regexp.MustCompile(`\braft\s+list-peers\b`)},
	{"fails while there is no leader", nil, regexp.MustCompile(`/v1/status/leader\b[\s\S]*\bgrep\b`)},
	{"fails while the server is sealed, and every restart seals it again", nil, regexp.MustCompile(`\b(vault|bao)\s+status\b`)},
	{"fails without a majority", nil, regexp.MustCompile(`\bwsrep_(cluster_status|ready|cluster_size)\b`)},
	{"fails without a majority", nil, regexp.MustCompile(`\bzkServer\.sh\s+status\b`)},
	{"fails without a write quorum of the other servers", nil, regexp.MustCompile(`/minio/health/cluster\b`)},
	{"", nil, regexp.MustCompile(`/_cluster/health\?\S*\blocal=true\b`)},
	{"fails while the cluster has no elected master", nil, regexp.MustCompile(`/_cluster/health\b`)},
	{"fails while the loss of this member would end the quorum", nil, regexp.MustCompile(`\bcheck_if_node_is_quorum_critical\b`)},
	{"fails while there is no leader", nil, regexp.MustCompile(`\bkafka-metadata-quorum(\.sh)?\b`)},
	{"fails without a majority", nil, regexp.MustCompile(`\bcockroach\s+node\s+status\b`)},
}

// Names of images of the same software.
var (
	nats      = []string{"nats", "nats-server"}
	etcd      = []string{"etcd"}
	vault     = []string{"vault", "openbao"}
	cockroach = []string{"cockroach"}
)

// HealthCheck returns the known meaning of a probe's request, or of the script that it runs.
func (c Container) HealthCheck(p Probe) (h HealthCheck, known bool) {
	request := p.Request()
	if p.Script != "" {
		request += "\n" + p.Script
	}
	i := slices.IndexFunc(healthChecks, func(h HealthCheck) bool {
		return request != "" && (h.software == nil || slices.Contains(h.software, c.Software())) && h.request.MatchString(request)
	})
	if i < 0 {
		return HealthCheck{}, false
	}
	return healthChecks[i], true
}
