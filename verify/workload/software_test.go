package workload

import (
	"fmt"
	"strings"
	"testing"
)

// set returns a StatefulSet of three pods with the container's and the spec's fields.
func set(name, container, spec string) string {
	return fmt.Sprintf("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: %s, namespace: db}, spec: {replicas: 3, serviceName: %s, selector: {matchLabels: {app: %s}}, template: {metadata: {labels: {app: %s}}, spec: {serviceAccountName: %s, containers: [{name: c, image: 'example.com/app:1', %s}]}}%s}}",
		name, name, name, name, name, container, spec)
}

const (
	headless = "\n---\n{apiVersion: v1, kind: Service, metadata: {name: store, namespace: db}, spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: store}}}"
	virtual  = "\n---\n{apiVersion: v1, kind: Service, metadata: {name: store, namespace: db}, spec: {selector: {app: store}, ports: [{port: 80}]}}"
	claims   = ", volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]"
	lists    = "\n---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: db}, rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]}\n---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: db}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: store}]}"
)

// TestUnknownSoftware: the signs that pods of unknown software know each other, and what resembles them.
func TestUnknownSoftware(t *testing.T) {
	for _, c := range []struct{ name, manifest, replication, why string }{
		{"a list of pods", set("store", "env: [{name: NODES, value: 'store-0,store-1'}]", ""), "unknown", "variable NODES (m.yaml:1) names store-0"},
		{"a seed", set("store", "args: ['--join', 'store-0.store:7000']", ""), "unknown", "args (m.yaml:1) name store-0"},
		{"a range of pods", set("store", "args: ['http://store-{0...3}.store/data']", ""), "unknown", "name store-{0...3}"},
		{"its headless Service", set("store", "args: ['--discover=store:7000']", "") + headless, "unknown", "args (m.yaml:1) name store"},
		{"a ConfigMap", set("store", "envFrom: [{configMapRef: {name: c}}]", "") + "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: db}, data: {NODES: 'store-0.store'}}", "unknown", "variable NODES, which is set from a ConfigMap or Secret, names store-0"},
		{"two likely signs", set("store", "ports: [{name: raft, containerPort: 1}]", "") + headless, "unknown", "port raft (m.yaml:1) and publishNotReadyAddresses of Service store"},
		{"permission to list pods", set("store", "env: [{name: APP_PEERS, value: auto}]", "") + lists, "unknown", "variable APP_PEERS (m.yaml:1) and permission to list pods"},
		{"one likely sign", set("store", "ports: [{name: raft, containerPort: 1}]", ""), "stateless", "without data and peers"},
		{"one likely sign and data", set("store", "ports: [{name: raft, containerPort: 1}]", claims), "shards", "each pod keeps data"},
		{"its own address", set("store", "env: [{name: ADDRESS, value: '$(POD_NAME).store.db.svc:7000'}]", "") + headless, "stateless", ""},
		{"a Service with an address", set("store", "args: ['--url=http://store:80']", "") + virtual, "stateless", ""},
		{"another workload", set("store", "args: ['--db=other-store-0.other:1', '--name=store-backup-1']", ""), "stateless", ""},
		{"nothing", set("store", "args: [serve]", ""), "stateless", ""},
	} {
		s, err := read(t, c.manifest)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if err := s.SetReplication(nil); err != nil {
			t.Fatal(c.name, err)
		}
		if r := s.Workloads[0].Replication; r.String() != c.replication || !strings.Contains(r.Why, c.why) || !r.Assumed {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, r, r.Why, c.replication, c.why)
		}
		if err := s.SetReplication(map[string]string{"StatefulSet/store": "copies:1"}); err != nil || s.Workloads[0].Replication.Unknown {
			t.Errorf("%s: the user's replication does not count: %v", c.name, err)
		}
	}
}

// TestGroups: which workloads form a cluster, and how many of their pods it needs.
func TestGroups(t *testing.T) {
	member := func(name, image, fields string) string {
		return strings.Replace(set(name, fields, ""), "example.com/app:1", image, 1)
	}
	const rs, arbiter = "env: [{name: MONGODB_REPLICA_SET_NAME, value: rs0}]", "env: [{name: MONGODB_REPLICA_SET_NAME, value: rs0}, {name: MONGODB_REPLICA_SET_MODE, value: arbiter}]"
	for _, c := range []struct {
		name                   string
		manifests              []string
		pods, needs, readyOf24 int // readyOf24: how many count as ready if the first workload has 2 and all others 3
	}{
		{"data and arbiters", []string{member("a", "mongodb", rs), member("b", "mongodb", arbiter)}, 6, 4, 5},
		{"two replica sets", []string{member("a", "mongodb", rs), member("b", "mongodb", "env: [{name: MONGODB_REPLICA_SET_NAME, value: rs1}]")}, 0, 0, 0},
		{"two clusters with the same name", []string{member("a", "mongodb", rs), member("b", "mongodb", rs)}, 0, 0, 0},
		{"alone", []string{member("a", "mongodb", rs)}, 0, 0, 0},
		{"a longer list of members", []string{member("a", "etcd", "env: [{name: ETCD_INITIAL_CLUSTER, value: 'a=1,b=2,c=3,d=4,e=5'}]")}, 5, 3, 4},
		{"zones of the software", []string{member("i-zone-a", "mimir", "args: [-target=ingester]"), member("i-zone-b", "mimir", "args: [-target=ingester]"), member("i-zone-c", "mimir", "args: [-target=ingester]")}, 9, 6, 6},
		{"other zones", []string{member("i-zone-a", "mimir", "args: [-target=ingester]"), member("j-zone-b", "mimir", "args: [-target=ingester]")}, 0, 0, 0},
	} {
		s, err := read(t, strings.Join(c.manifests, "\n---\n"))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if err := s.SetReplication(nil); err != nil {
			t.Fatal(c.name, err)
		}
		g := s.Workloads[0].Group
		if g == nil || c.pods == 0 {
			if (g != nil) != (c.pods > 0) {
				t.Errorf("%s: group %v", c.name, g)
			}
			continue
		}
		all := func(w *Workload) int { return w.Replicas }
		one := func(w *Workload) int {
			if w == s.Workloads[0] {
				return 2
			}
			return 3
		}
		if pods := g.Pods(all); pods != c.pods || g.Needs(pods) != c.needs || g.Ready(one) != c.readyOf24 || g.Ready(all) != pods {
			t.Errorf("%s: %d pods need %d, %d are ready without one; want %d, %d, %d", c.name, pods, g.Needs(pods), g.Ready(one), c.pods, c.needs, c.readyOf24)
		}
		if g.External == 0 && g.Ready(func(w *Workload) int { return map[bool]int{true: 3}[w.noData()] }) != 0 {
			t.Errorf("%s: it serves without a pod that has data", c.name)
		}
		if err := s.SetReplication(map[string]string{"StatefulSet/" + s.Workloads[0].Name: "stateless"}); err != nil || s.Workloads[0].Group != nil {
			t.Errorf("%s: a workload whose replication the user sets is in a group (%v)", c.name, err)
		}
	}
}

// TestLeaderOnly: readiness probes that only the leader passes.
func TestLeaderOnly(t *testing.T) {
	const elect = "args: [--leader-elect], "
	for fields, want := range map[string]bool{
		elect + "readinessProbe: {httpGet: {path: /leader, port: 1}}":                                                         true,
		elect + "readinessProbe: {httpGet: {path: '/healthz/is-leader', port: 1}}":                                            true,
		elect + "readinessProbe: {grpc: {port: 1, service: leader-readiness}}":                                                true,
		elect + "readinessProbe: {exec: {command: [curl, -sf, 'http://localhost:80/leader']}}":                                true,
		elect + "readinessProbe: {exec: {command: [wget, -q, -O, /dev/null, 'localhost:80/is-leader']}}":                      true,
		elect + "readinessProbe: {exec: {command: [sh, -c, 'set -e; curl --fail \"http://127.0.0.1:80/leader\" || exit 1']}}": true,
		elect + "readinessProbe: {exec: {command: [grpc_health_probe, '-addr=:1', '-service=leader']}}":                       true,
		elect + "readinessProbe: {exec: {command: [curl, -s, 'http://localhost:80/leader']}}":                                 false,
		elect + "readinessProbe: {exec: {command: [sh, -c, 'curl -f localhost:80/leader; true']}}":                            false,
		elect + "readinessProbe: {exec: {command: [sh, -c, 'curl -f localhost:80/leader | grep -q a']}}":                      false,
		elect + "readinessProbe: {exec: {command: [sh, -c, 'curl -f localhost:80/leader || test -e a']}}":                     false,
		elect + "readinessProbe: {exec: {command: [curl, -f, 'http://localhost:80/v1/status/leader']}}":                       false,
		elect + "readinessProbe: {exec: {command: [curl, -f, 'http://leader.db.svc/readyz']}}":                                false,
		elect + "readinessProbe: {httpGet: {path: /readyz, port: 1}}":                                                         false,
		elect + "readinessProbe: {httpGet: {path: /leaderelection, port: 1}}":                                                 false,
		elect + "readinessProbe: {httpGet: {path: /healthz/leader-election, port: 1}}":                                        false,
		elect + "readinessProbe: {httpGet: {path: /, port: 1}}":                                                               false,
		elect + "livenessProbe: {httpGet: {path: /leader, port: 1}}":                                                          false,
		"readinessProbe: {httpGet: {path: /leader, port: 1}}":                                                                 false,
		"env: [{name: PATRONI_SCOPE, value: a}], readinessProbe: {httpGet: {path: /, port: 1}}":                               true,
		"env: [{name: PATRONI_SCOPE, value: a}], readinessProbe: {httpGet: {path: /primary, port: 1}}":                        true,
		"env: [{name: PATRONI_SCOPE, value: a}], readinessProbe: {exec: {command: [curl, -f, 'http://localhost:8008']}}":      true,
		"env: [{name: PATRONI_SCOPE, value: a}], readinessProbe: {httpGet: {path: /readiness, port: 1}}":                      false,
		"env: [{name: PATRONI_SCOPE, value: a}], readinessProbe: {httpGet: {path: /replica, port: 1}}":                        false,
	} {
		s, err := read(t, set("store", fields, ""))
		if err != nil {
			t.Fatal(fields, err)
		}
		if err := s.SetReplication(nil); err != nil {
			t.Fatal(fields, err)
		}
		if got := s.Workloads[0].LeaderOnly; (got != "") != want {
			t.Errorf("%s: %q", fields, got)
		}
	}
}
