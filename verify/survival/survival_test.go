package survival

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

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

// TestPromises: what our charts promise. The pods of a profile keep what it promises to keep through every loss of a node, and
// of a zone if that is its promise; every drain and every roll ends; and the play is one that can be lost.
func TestPromises(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	down := map[string]int{}
	for _, name := range []string{"multi-zone", "multi-node", "single-node", "web-multi-zone"} {
		r, err := Simulate(t.Context(), c, golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[Event]int{}
		for _, s := range r.Scenarios {
			seen[s.Event] += 1 + len(s.Equivalent)
			alone := slices.Contains([]Event{SteadyState, LoseNode, DrainNode, Rollout}, s.Event) || s.Event == LoseZone && strings.Contains(name, "multi-zone")
			if alone && s.Blocked != "" {
				t.Errorf("%s: %s %s: %s", name, s.Event, s.Target, s.Blocked)
			}
			for _, o := range s.Outcomes {
				if s.Event == SteadyState && (o.Least != o.Pods || o.After != o.Pods || len(o.Pending) > 0) {
					t.Errorf("%s: %s is not placed: %v", name, o.Workload, o.Pending)
				}
				if several := o.Workload.Replicas > 1; several && alone && !o.Serves() {
					t.Errorf("%s: %s %s: %s has %d of %d pods left and needs %d", name, s.Event, s.Target, o.Workload, o.Least, o.Pods, o.Needs)
				}
				if o.Workload.Kind == workload.StatefulSet && s.Event == LoseNode && !o.Serves() {
					down[name]++
				}
				if o.Workload.Kind == workload.Deployment && alone && !o.Recovers() {
					t.Errorf("%s: %s %s: %s does not come back: %v", name, s.Event, s.Target, o.Workload, o.Pending)
				}
				if (o.Recovery < 0) == o.Recovers() || o.Recovery == 0 && !o.Serves() {
					t.Errorf("%s: %s %s: %s is back after %s: %+v", name, s.Event, s.Target, o.Workload, o.Recovery, o)
				}
			}
		}
		if seen[SteadyState] != 1 || seen[LoseNode] != 6 || seen[LoseZone] != 3 || seen[DrainNode] != 6 || seen[Rollout] == 0 || (seen[LoseNodeInDrain] == 0) != (name == "single-node") || seen[LoseNodeInRollout] == 0 {
			t.Errorf("%s: played %v", name, seen)
		}
	}
	if down["single-node"] == 0 || down["multi-node"] > 0 {
		t.Errorf("a bus that is down: %v", down)
	}
}

// TestPlayIsTakenBack: after each play the world is as it was.
func TestPlayIsTakenBack(t *testing.T) {
	c, err := cluster.Uniform(4, 2)
	if err != nil {
		t.Fatal(err)
	}
	takenBack(t, c, golden(t, "multi-node"))
	for seed := range uint64(seeds / 3) {
		c, s := random(t, seed)
		for i, w := range s.Workloads {
			w.Template.Spec.Priority, w.Max = ptr.To(int32(seed+uint64(i))%3), w.Replicas+2
		}
		takenBack(t, c, s)
	}
}

func takenBack(t *testing.T, c cluster.Cluster, s *workload.System) {
	t.Helper()
	w, err := newWorld(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.populate(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := show(t, w)
	d := &director{world: w, classes: newClasses(w, true)}
	for name, play := range map[string]func(context.Context) error{"nodes": d.loseNodes, "zones": d.loseZones, "drains": d.drainNodes, "rolls": d.rolls, "grows": d.grows} {
		if err := play(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := show(t, w); after != before {
			t.Fatalf("after %s:\n%s\nbefore:\n%s", name, after, before)
		}
	}
	if len(d.Scenarios) < 2 {
		t.Errorf("%d scenarios", len(d.Scenarios))
	}
}

// show is all of the world that a play may change.
func show(t *testing.T, w *world) string {
	t.Helper()
	lines := []string{fmt.Sprint(w.now, w.drained, w.lost, len(w.waiting), len(w.moving), len(w.undo), len(w.touched))}
	for _, c := range w.controllers {
		lines = append(lines, fmt.Sprint(c.of, c.want, c.revision, c.old, c.new, c.made, c.ready, c.absent, c.seen))
		for _, p := range c.pods {
			lines = append(lines, fmt.Sprint(p.object.Name, p.object.Spec.NodeName, p.object.DeletionTimestamp, p.state, p.due, p.revision, p.why == nil, p.room(), p.preempts, p.lacks))
		}
	}
	for _, b := range w.budgets {
		lines = append(lines, fmt.Sprint(b.Object, len(b.pods)))
	}
	for claim, users := range w.disks.users {
		for _, p := range users {
			lines = append(lines, fmt.Sprint(claim, p.key()))
		}
	}
	for claim, at := range w.disks.at {
		lines = append(lines, fmt.Sprint(claim, at))
	}
	for _, n := range w.nodes {
		info, err := w.scheduler.Pods(n.name())
		lines = append(lines, fmt.Sprint(n.name(), n.lost, n.object.Spec, info, err))
		for _, p := range n.pods {
			lines = append(lines, n.name()+p.name())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
