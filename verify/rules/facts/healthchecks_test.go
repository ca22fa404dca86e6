package facts

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestHealthCheck: which requests are known, and which of them concern one quorum member alone.
func TestHealthCheck(t *testing.T) {
	for _, c := range []struct {
		image, path, command string
		known, local         bool
	}{
		{"nats:2", "/healthz", "", true, false},
		{"nats:2", "/healthz?js-meta-only=true", "", true, false},
		{"nats:2", "/healthz?js-enabled-only=false", "", true, false},
		{"nats:2", "/healthz?js-server-only=1&details=true", "", true, true},
		{"nats:2", "/", "", true, true},
		{"etcd:3", "/health", "", true, false},
		{"etcd:3", "/health?exclude=NOSPACE&serializable=true", "", true, true},
		{"etcd:3", "/livez", "", true, true},
		{"etcd:3", "/readyz", "", true, false},
		{"etcd:3", "", "etcdctl --endpoints=localhost:2379 endpoint health", true, false},
		{"etcd:3", "", "etcdctl endpoint status", false, false},
		{"hashicorp/vault:1", "/v1/sys/health?standbyok=true", "", true, true},
		{"hashicorp/vault:1", "/v1/sys/health?standbycode=204&uninitcode=204", "", true, true},
		{"hashicorp/vault:1", "/v1/sys/health?sealedcode=204", "", true, false},
		{"cockroachdb/cockroach:v25", "/health?ready=1", "", true, false},
		{"cockroachdb/cockroach:v25", "/health", "", true, true},
		{"kubernetes-zookeeper:1", "", "sh -c zookeeper-ready 2181", true, true},
		{"rabbitmq:4", "", "rabbitmq-diagnostics -q ping", true, true},
		{"rabbitmq:4", "", "rabbitmq-diagnostics cluster_status", false, false},
		{"rabbitmq:4", "", "rabbitmq-diagnostics -q check_if_node_is_quorum_critical", true, false},
		{"redis:8", "", "sh -c redis-cli -p 26379 sentinel ckquorum mymaster", true, false},
		{"redis:8", "", "redis-cli -p 26379 SENTINEL CKQUORUM mymaster", true, false},
		{"redis:8", "", "sh -c redis-cli cluster info | grep cluster_state:ok", true, false},
		{"redis:8", "", "redis-cli ping", false, false},
		{"consul:1", "", "consul operator raft list-peers", true, false},
		{"consul:1", "", "sh -ec curl http://127.0.0.1:8500/v1/status/leader | grep -E '.+'", true, false},
		{"consul:1", "/v1/status/leader", "", false, false},
		{"hashicorp/vault:1", "", "vault status -tls-skip-verify", true, false},
		{"mariadb:11", "", `sh -c mariadb -e "SHOW STATUS LIKE 'wsrep_cluster_status'" | grep Primary`, true, false},
		{"own-store:1", "", "etcdctl endpoint health --cluster", true, false},
		{"zookeeper:3", "", "zkServer.sh status", true, false},
		{"minio:1", "/minio/health/cluster", "", true, false},
		{"minio:1", "/minio/health/live", "", false, false},
		{"elasticsearch:9", "/_cluster/health?local=true", "", true, true},
		{"elasticsearch:9", "", "curl -sf http://localhost:9200/_cluster/health?wait_for_status=yellow", true, false},
		{"kafka:4", "", "kafka-metadata-quorum.sh --bootstrap-server localhost:9092 describe --status", true, false},
		{"cockroachdb/cockroach:v25", "", "cockroach node status --insecure", true, false},
		{"mongo:8", "", `mongosh --eval "if (!(db.hello().isWritablePrimary || db.hello().secondary)) { throw new Error() }"`, true, true},
		{"mongo:8", "", "mongosh --eval db.hello().isWritablePrimary", false, false},
		{"own:1", "/healthz", "", false, false},
	} {
		p := Probe{Field: "livenessProbe", Probe: &corev1.Probe{}}
		if c.path != "" {
			p.HTTPGet = &corev1.HTTPGetAction{Path: c.path}
		} else {
			p.Exec = &corev1.ExecAction{Command: []string{c.command}}
		}
		h, known := Container{&corev1.Container{Image: c.image}, nil}.HealthCheck(p)
		if known != c.known || known && (h.ClusterState == "") != c.local {
			t.Errorf("%s, %s%s: known %t, cluster state %q", c.image, c.path, c.command, known, h.ClusterState)
		}
	}
}
