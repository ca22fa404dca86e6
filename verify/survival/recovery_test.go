package survival

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestRecovery: how long a lone pod is away when its node is lost or drained.
func TestRecovery(t *testing.T) {
	const probes = "image: i, readinessProbe: {initialDelaySeconds: 3, periodSeconds: 4, successThreshold: 2, tcpSocket: {port: 1}}, startupProbe: {periodSeconds: 7, tcpSocket: {port: 1}}"
	one := func(kind, pod string) string {
		return strings.Replace(make3(kind, "a", "", pod), "replicas: 3", "replicas: 1", 1)
	}
	tolerates := func(effect, seconds string) string {
		return "tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: " + effect + seconds + "}]"
	}
	for name, c := range map[string]struct {
		text        string
		model       workload.Model
		lost, drain time.Duration
	}{
		"nothing is said":         {one("Deployment", ""), workload.Stateless, 351 * time.Second, time.Second},
		"probes take their time":  {strings.Replace(one("Deployment", ""), "image: i", probes, 1), workload.Stateless, (350 + 1 + 7 + 11) * time.Second, 19 * time.Second},
		"tolerates half a minute": {one("Deployment", tolerates("NoExecute", ", tolerationSeconds: 30")), workload.Stateless, 81 * time.Second, time.Second},
		"tolerates for ever":      {one("Deployment", tolerates("NoExecute", "")), workload.Stateless, -1, time.Second},
		"a stateful set's pod":    {one("StatefulSet", "terminationGracePeriodSeconds: 7"), workload.Single, -1, 8 * time.Second},
		"one of three is elected": {make3("Deployment", "a", "", apartHosts), workload.Elected, time.Second, time.Second},
		"alone, it elects itself": {one("Deployment", ""), workload.Elected, 352 * time.Second, 2 * time.Second},
		"one of three stands by":  {make3("Deployment", "a", "", apartHosts), workload.Standby, 23800 * time.Millisecond, 23800 * time.Millisecond},
		"as its lease says":       {strings.Replace(make3("Deployment", "a", "", apartHosts), "image: i", "image: i, args: [--leader-elect-lease-duration=5s, --leader-elect-retry-period=1s]", 1), workload.Standby, 9400 * time.Millisecond, 9400 * time.Millisecond},
		"alone, it waits, too":    {one("Deployment", ""), workload.Standby, 374800 * time.Millisecond, 24800 * time.Millisecond},
	} {
		nodes, err := cluster.Uniform(4, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := system(t, c.text)
		s.Workloads[0].Replication.Model = c.model
		r, err := Simulate(t.Context(), nodes, s)
		if err != nil {
			t.Fatal(err)
		}
		for event, want := range map[Event]time.Duration{LoseNode: c.lost, DrainNode: c.drain} {
			if got := scenario(t, r, event, "node-1").Outcomes[0].Recovery; got != want {
				t.Errorf("%s: %s: back after %s, want %s", name, event, got, want)
			}
		}
	}
}

// TestDetection: a pod is back the sooner, the sooner its node is missed.
func TestDetection(t *testing.T) {
	nodes, err := cluster.Uniform(4, 0)
	if err != nil {
		t.Fatal(err)
	}
	nodes.Detection = 8 * time.Second
	r, err := Simulate(t.Context(), nodes, system(t, strings.Replace(make3("Deployment", "a", "", ""), "replicas: 3", "replicas: 1", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := scenario(t, r, LoseNode, "node-1").Outcomes[0].Recovery; got != 309*time.Second {
		t.Errorf("back after %s, want 8 s, 300 s of toleration and a second to start", got)
	}
}

// TestAssumed: what is taken for granted is said where it counts, and nowhere else.
func TestAssumed(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		model workload.Model
		says  string // beside what always holds
	}{
		"nothing of its own":  {make3("Deployment", "a", "", ""), workload.Stateless, ""},
		"a lease":             {make3("Deployment", "a", "", ""), workload.Standby, "within 23.8s: a lease of 15s"},
		"votes":               {make3("Deployment", "a", "", ""), workload.Elected, "by votes, it takes them 1s"},
		"a disk for each pod": {make3("StatefulSet", "a", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", ""), workload.Single, "StorageClass"},
		"a disk for all":      {make3("Deployment", "a", "", "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"), workload.Stateless, "StorageClass"},
	} {
		s := system(t, c.text)
		s.Workloads[0].Replication.Model = c.model
		own := Assumptions(cluster.Cluster{}, s)[2:]
		if said := Assumptions(cluster.Cluster{Detection: time.Second}, s)[1:]; !slices.Equal(said, own) {
			t.Errorf("%s: when a node is noticed is said, and yet assumed: %q", name, said)
		}
		if said := strings.Join(own, " "); !strings.Contains(said, c.says) || len(own) != min(1, len(c.says)) {
			t.Errorf("%s: %q", name, own)
		}
	}
}
