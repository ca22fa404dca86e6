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
		{"own:1", "/healthz", "", false, false},
	} {
		p := Probe{"livenessProbe", &corev1.Probe{}}
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
