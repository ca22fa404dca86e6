package rules

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestCrowd: the most pods in one zone are those of the worst distribution that the skew allows.
func TestCrowd(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for zones := 2; zones <= 4; zones++ {
			for skew := 1; skew <= 3; skew++ {
				worst := 0
				distributions(n, zones, func(all []int) {
					if slices.Max(all)-slices.Min(all) <= skew {
						worst = max(worst, slices.Max(all))
					}
				})
				if got := crowd(n, zones, skew); got != worst {
					t.Errorf("%d pods in %d zones, skew %d: %d, want %d", n, zones, skew, got, worst)
				}
			}
		}
	}
}

// distributions calls f with each way to put n pods into zones.
func distributions(n, zones int, f func([]int)) {
	if zones == 1 {
		f([]int{n})
		return
	}
	for first := range n + 1 {
		distributions(n-first, zones-1, func(rest []int) { f(append([]int{first}, rest...)) })
	}
}

func TestAnswers(t *testing.T) {
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
		p := named{"livenessProbe", &corev1.Probe{}}
		if c.path != "" {
			p.HTTPGet = &corev1.HTTPGetAction{Path: c.path}
		} else {
			p.Exec = &corev1.ExecAction{Command: []string{c.command}}
		}
		a, known := answerOf(container{&corev1.Container{Image: c.image}, nil}, p)
		if known != c.known || known && (a.why == "") != c.local {
			t.Errorf("%s asked %s%s: known %t, %q", c.image, c.path, c.command, known, a.why)
		}
	}
}

func TestStopping(t *testing.T) {
	exec := func(words ...string) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: words}}
	}
	for _, c := range []struct {
		hook *corev1.LifecycleHandler
		want time.Duration
	}{
		{&corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 15}}, 15 * time.Second},
		{exec("sleep", "30"), 30 * time.Second},
		{exec("/bin/sleep", "30s"), 30 * time.Second},
		{exec("/bin/sh", "-c", "sleep 20; nginx -s quit"), 20 * time.Second},
		{exec("sh", "-c", "sleep 20 && nginx -s quit"), 20 * time.Second},
		{exec("sh", "-c", "sleep 2m"), -1},
		{exec("sh", "-c", "nginx -s quit; sleep 20"), -1},
		{exec("sh", "-c", "sleep $SECONDS"), -1},
		{exec("/wait-shutdown"), -1},
	} {
		got, _ := stopping(&workload.System{}, &workload.Workload{}, container{&corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: c.hook}}, nil})
		if got != c.want {
			t.Errorf("%v: %v, want %v", c.hook, got, c.want)
		}
	}
}

// TestLameDuck: the servers' own time to leave counts, from the configuration or by default, where it is known.
func TestLameDuck(t *testing.T) {
	const set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: bus}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {terminationGracePeriodSeconds: 60,
  volumes: [{name: c, configMap: {name: c}}], containers: [{name: bus, image: nats, lifecycle: {preStop: {exec: {command: [nats-server, -sl=ldm=/pid]}}}}]}}}}
---
`
	for config, want := range map[string]int{
		"lame_duck_duration: 30s": 0, "lame_duck_duration: \"90s\"": 1, "\"lame_duck_duration\" = 60s": 1, "port: 4222": 1, "port: 4222\ninclude more.conf": 0, "# lame_duck_duration: 30s": 1,
	} {
		s := system(t, set+fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {nats.conf: %q}}", config))
		if found := Check(s, cluster.Cluster{}); len(found) != want {
			t.Errorf("%s: %d findings, want %d", config, len(found), want)
		}
	}
}

func TestElects(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{[]string{"--leader-elect"}, true}, {[]string{"-leader-elect=true"}, true}, {[]string{"--enable-leader-election"}, true},
		{[]string{"--leader-elect", "--v=2"}, true}, {[]string{"--leader-elect=false"}, false}, {[]string{"--leader-elect", "false"}, false},
		{[]string{"--leader-elect", "--leader-elect-resource-lock=configmaps"}, false}, {[]string{"--leader-elect=true", "--kubeconfig=/etc/kubernetes/scheduler.conf"}, false},
		{[]string{"--leader-election-namespace=kube-system"}, false}, {nil, false},
	} {
		if got := elects(&corev1.Container{Args: c.args}); got != c.want {
			t.Errorf("%q: %t", c.args, got)
		}
	}
}

// TestLeasesOfArgoEvents: a source or a sensor that elects by a lease takes a Role, where its bus and its account are written
// down.
func TestLeasesOfArgoEvents(t *testing.T) {
	const account, bus = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: elects}}", "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default}, spec: {BUS: {}}}"
	const object = "{apiVersion: argoproj.io/v1alpha1, kind: KIND, metadata: {name: a, annotations: {events.argoproj.io/leader-election: BY}}, spec: {calendar: {a: {}}, template: {serviceAccountName: elects}}}"
	for _, c := range []struct {
		kind, by, bus string
		want          int
	}{
		{"Sensor", "k8s", "jetstream", 1}, {"Sensor", "bus", "jetstream", 0}, {"Sensor", "k8s", "kafka", 0}, {"Sensor", "k8s", "", 0},
		{"EventSource", "k8s", "jetstream", 1}, {"EventSource", "bus", "jetstream", 0}, {"EventSource", "bus", "kafka", 1}, {"EventSource", "k8s", "", 1},
	} {
		all := []string{account, strings.NewReplacer("KIND", c.kind, "BY", c.by).Replace(object)}
		if c.bus != "" {
			all = append(all, strings.Replace(bus, "BUS", c.bus, 1))
		}
		if found := of(leaseWithoutRole, Check(system(t, strings.Join(all, "\n---\n")), cluster.Cluster{})); len(found) != c.want {
			t.Errorf("%+v: %d findings, want %d", c, len(found), c.want)
		}
	}
}

// TestDisksOfBuses: servers that the controller runs keep their streams on a disk only where persistence is asked for.
func TestDisksOfBuses(t *testing.T) {
	for spec, want := range map[string]int{"": 1, ", replicas: 1": 0, ", persistence: {}": 0} {
		s := system(t, "{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default}, spec: {jetstream: {version: latest"+spec+"}}}")
		found := of(quorumKeepsNothing, Check(s, cluster.Cluster{}))
		if len(found) != want {
			t.Errorf("jetstream%s: %d findings, want %d", spec, len(found), want)
		}
	}
}

// TestOrderOfObjects: what is found does not depend on the order in which objects are read.
func TestOrderOfObjects(t *testing.T) {
	paths, err := filepath.Glob("testdata/*/broken.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		objects, err := manifest.Load([]string{path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := findings(t, objects)
		for range 5 {
			rand.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
			if got := findings(t, objects); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	}
}

// FuzzCheck: no manifest, however odd, makes a rule fail.
func FuzzCheck(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		f.Add(text(f, path))
	}
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := manifest.Parse("fuzz.yaml", []byte(text))
		if err != nil {
			return
		}
		s, err := workload.Read(objects)
		if err != nil || s.Tell(nil) != nil {
			return
		}
		Check(s, described(t))
	})
}
