package survival

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// random is a system of some workloads that ask for all sorts of things, and the nodes for it.
func random(t testing.TB, seed uint64) (cluster.Cluster, *workload.System) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	text := claimOf("shared", pick("ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany"))
	for i := range 1 + r.IntN(4) {
		name := fmt.Sprint("w", i)
		kind := pick("Deployment", "Deployment", "StatefulSet", "StatefulSet", "DaemonSet")
		roll := map[string][]string{
			"Deployment":  {"", "strategy: {type: Recreate}", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}", "strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 50%}}", "minReadySeconds: 5"},
			"StatefulSet": {"", "podManagementPolicy: Parallel", "updateStrategy: {rollingUpdate: {partition: 1}}", "updateStrategy: {type: OnDelete}", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]"},
			"DaemonSet":   {"", "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", "updateStrategy: {rollingUpdate: {maxUnavailable: 40%}}"},
		}[kind]
		own := "{matchLabels: {app: " + name + "}}"
		pods := []string{
			"", "",
			"tolerations: [{key: dedicated, operator: Exists}]",
			"tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists}]",
			"nodeSelector: {disk: ssd}",
			"affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}]}}",
			"affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: " + own + "}]}}",
			"affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}}]}}",
			"topologySpreadConstraints: [{maxSkew: 1, minDomains: 3, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: " + own + "}]",
			"topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: " + own + ", matchLabelKeys: [pod-template-hash]}]",
			"affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: w0}}}]}}",
			"volumes: [{name: d, persistentVolumeClaim: {claimName: shared}}]",
		}
		workload := strings.Replace(make3(kind, name, pick(roll...), pick(pods...)), "image: i", "image: i, resources: {requests: {cpu: "+pick("100m", "1", "2")+"}}", 1)
		if kind == "DaemonSet" {
			workload = strings.Replace(workload, "replicas: 3", "", 1)
		}
		text += strings.Replace(workload, "replicas: 3", fmt.Sprint("replicas: ", 1+r.IntN(5)), 1)
		if r.IntN(2) == 0 {
			text += budgetOf(name, pick("maxUnavailable: 1", "minAvailable: 2", "minAvailable: 50%", "maxUnavailable: 0"))
		}
	}
	var groups strings.Builder
	groups.WriteString("nodes:\n")
	for i := range 1 + r.IntN(4) {
		fmt.Fprintf(&groups, "- {name: g%d, count: %d, zone: %s, labels: {%s}, taints: [%s], capacity: {cpu: %s}}\n", i, 1+r.IntN(4), pick("z1", "z2", "z3", `""`),
			pick("", "", "disk: ssd"), pick("", "", "", "{key: dedicated, effect: NoSchedule}"), pick(`"2"`, `"4"`, `"8"`))
	}
	c, err := cluster.Parse("c.yaml", []byte(groups.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, &groups)
	}
	return c, system(t, text)
}

// verdicts are what is said of each target, those that are like another included.
func verdicts(r Result) map[string]string {
	all := map[string]string{}
	for _, s := range r.Scenarios {
		var b strings.Builder
		fmt.Fprint(&b, s.Blocked == "")
		for _, o := range s.Outcomes {
			fmt.Fprint(&b, " ", o.Pods, o.Least, o.After, o.Needs, o.Recovery, len(o.Pending))
		}
		for _, target := range append([]string{s.Target}, s.Equivalent...) {
			all[fmt.Sprint(s.Event, " ", target)] = b.String()
		}
	}
	return all
}

// TestSymmetryIsExact: what is said of a node that was not played is what playing it says.
func TestSymmetryIsExact(t *testing.T) {
	saved, compared := 0, 0
	for seed := range uint64(seeds) {
		c, s := random(t, seed)
		some, err := simulate(t.Context(), c, s, true)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		every, err := simulate(t.Context(), c, s, false)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		saved += len(every.Scenarios) - len(some.Scenarios)
		want := verdicts(every)
		for target, got := range verdicts(some) {
			compared++
			if got != want[target] {
				t.Errorf("seed %d: %s:\n got %s\nwant %s", seed, target, got, want[target])
			}
		}
		for target := range want {
			if _, is := verdicts(some)[target]; !is && !strings.HasPrefix(target, string(LoseNodeInDrain)) {
				t.Errorf("seed %d: nothing is said of %s", seed, target)
			}
		}
	}
	if saved == 0 || compared == 0 {
		t.Errorf("%d plays were saved, %d compared", saved, compared)
	}
}

// seeds is how many random systems are tried: as many as take a few seconds.
const seeds = 150

// TestOrderDoesNotMatter: nodes and objects in another order are the same system.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(seeds / 3) {
		c, s := random(t, seed)
		want, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		nodes := slices.Clone(c.Nodes)
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		objects := slices.Clone(s.Objects)
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		again, err := workload.Read(objects)
		if err == nil {
			err = again.SetReplication(nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := Simulate(t.Context(), cluster.Cluster{Nodes: nodes}, again)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := told(want), told(got); a != b {
			t.Fatalf("seed %d:\n%s\n---\n%s", seed, a, b)
		}
	}
}

// told is a result as text.
func told(r Result) string {
	var b strings.Builder
	for _, p := range r.SteadyState {
		fmt.Fprintln(&b, p.Workload, p.Pod, p.Node, p.Reason)
	}
	for _, s := range r.Scenarios {
		fmt.Fprintln(&b, s.Event, s.Target, s.Equivalent, s.Nodes, s.Blocked)
		for _, o := range s.Outcomes {
			fmt.Fprintln(&b, " ", o.Workload, o.Pods, o.Least, o.After, o.Needs, o.Recovery, o.Pending)
		}
		for _, c := range s.Changes {
			fmt.Fprintln(&b, " ", c.Workload, c.Pod, c.From, c.To, c.Reason)
		}
	}
	return b.String()
}

// TestPlaysAreSane: what holds of every play, whatever the system.
func TestPlaysAreSane(t *testing.T) {
	for seed := range uint64(seeds) {
		c, s := random(t, seed)
		r, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range r.Scenarios {
			for _, o := range sc.Outcomes {
				if o.Least < 0 || o.After < 0 || o.Least > o.Pods && sc.Event != LoseNode && sc.Event != LoseZone || (o.Recovery < 0) == o.Recovers() {
					t.Errorf("seed %d: %s %s: %+v", seed, sc.Event, sc.Target, o)
				}
				if sc.Event == SteadyState && (o.Least != o.After || o.Recovery > 0) {
					t.Errorf("seed %d: at rest: %+v", seed, o)
				}
			}
			for _, ch := range sc.Changes {
				if slices.Contains(sc.Nodes, ch.To) && (sc.Event == LoseNode || sc.Event == LoseZone || sc.Event == DrainNode) && ch.Workload.Kind != workload.DaemonSet {
					t.Errorf("seed %d: %s %s: %s is put on %s", seed, sc.Event, sc.Target, ch.Pod, ch.To)
				}
			}
		}
	}
}
