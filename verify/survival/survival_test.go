package survival

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

func golden(t testing.TB, name string) *workload.System {
	t.Helper()
	objects, err := manifest.Load([]string{filepath.Join("..", "..", "golden", name, "objects")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range s.Workloads {
		w.Replication.Model = workload.Stateless
		if w.Kind == workload.StatefulSet {
			w.Replication.Model = workload.Quorum
		}
		if w.Kind == workload.DaemonSet {
			w.Replication.Model = workload.PerNode
		}
	}
	return s
}

// TestLosses: what our charts promise. The pods of a profile keep what it promises to keep through every loss of a node, and
// of a zone if that is its promise; and the play is one that can be lost.
func TestLosses(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	down := map[string]int{}
	for _, name := range []string{"multi-zone", "multi-node", "single-node", "web-multi-zone"} {
		r, err := Play(t.Context(), c, golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Scenarios) != 10 {
			t.Fatalf("%s: %d scenarios, want none, 6 nodes, 3 zones", name, len(r.Scenarios))
		}
		for _, l := range r.Scenarios {
			for _, o := range l.Outcomes {
				if l.Nodes == nil && (o.Least != o.Pods || len(o.Waits) > 0) {
					t.Errorf("%s: %s is not placed: %v", name, o.Workload, o.Waits)
				}
				several := o.Workload.Replicas > 1
				if several && !o.Serves() && (len(l.Nodes) < 2 || strings.Contains(name, "multi-zone")) {
					t.Errorf("%s, %s lost: %s has %d of %d pods left and needs %d", name, l.Target, o.Workload, o.Least, o.Pods, o.Needs)
				}
				if !several && o.Workload.Kind != workload.DaemonSet && !o.Serves() {
					down[name]++
				}
				if o.Workload.Kind == workload.Deployment && !o.Recovers() {
					t.Errorf("%s, %s lost: %s does not come back: %v", name, l.Target, o.Workload, o.Waits)
				}
			}
		}
	}
	if down["single-node"] == 0 {
		t.Error("a lone bus survives the loss of every node")
	}
}

// TestStuck: three pods that must each have a zone, and a Deployment that replaces one of them while its node is lost.
func TestStuck(t *testing.T) {
	c, err := cluster.Uniform(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse("m.yaml", []byte(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: 3
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: a}}}]}}
      containers: [{name: c, image: i}]
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Play(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range r.Scenarios[1:] {
		if o := l.Outcomes[0]; o.Least != 2 || o.After != 2 || len(o.Waits) != 1 || !strings.Contains(o.Waits[0], "anti-affinity") {
			t.Errorf("%s lost: %+v", l.Target, o)
		}
	}
}

func TestPlayIsTakenBack(t *testing.T) {
	c, err := cluster.Uniform(4, 2)
	if err != nil {
		t.Fatal(err)
	}
	all := slices.DeleteFunc(golden(t, "multi-node").Workloads, func(w *workload.Workload) bool { return w.Kind == workload.Job })
	w, err := newWorld(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.populate(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	show := func() string {
		var lines []string
		for _, p := range w.pods {
			lines = append(lines, fmt.Sprint(p.object.Name, p.node, p.object.DeletionTimestamp, p.why == nil))
		}
		for claim, zone := range w.zones {
			lines = append(lines, claim+zone)
		}
		for name, n := range w.nodes {
			info, err := w.scheduler.Pods(name)
			lines = append(lines, fmt.Sprint(name, len(n.Spec.Taints), info, err))
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	before := show()
	for _, names := range [][]string{{"node-1"}, {"node-2", "node-4"}, nil} {
		if err := w.losing(t.Context(), all, &Scenario{Nodes: names}); err != nil {
			t.Fatal(err)
		}
		if after := show(); after != before {
			t.Fatalf("after %v:\n%s\nbefore:\n%s", names, after, before)
		}
	}
}
