package sim

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// seeds is the number of random systems.
const seeds = 150

// TestUndo: WithUndo leaves the state of the cluster unchanged.
func TestUndo(t *testing.T) {
	c, err := cluster.Uniform(4, 2)
	if err != nil {
		t.Fatal(err)
	}
	testUndo(t, c, verifytest.Load(t, filepath.Join("..", "..", "..", "golden", "multi-node", "objects")))
	for seed := range uint64(seeds / 3) {
		c, s := simtest.Random(t, seed)
		for i, w := range s.Workloads {
			w.Template.Spec.Priority = ptr.To(int32(seed+uint64(i)) % 3)
		}
		testUndo(t, c, s)
	}
}

func testUndo(t *testing.T, c cluster.Cluster, s *workload.System) {
	t.Helper()
	sim := newSim(t, c, s)
	before := stateText(sim)
	events := map[string]func(){"all nodes fail": func() { sim.FailNodes(sim.Nodes()) }}
	for _, n := range sim.Nodes() {
		events["failure of "+n.Name()] = func() { sim.FailNodes([]*Node{n}) }
		events["drain of "+n.Name()] = func() { sim.Drain(n) }
	}
	for _, w := range sim.Controllers() {
		events["rollout of "+w.Workload.String()] = func() { sim.Rollout(w) }
		if w.Workload.Kind != workload.DaemonSet {
			events["scale-up of "+w.Workload.String()] = func() { sim.Scale(w, w.Workload.Replicas+2) }
			events["scale-down of "+w.Workload.String()] = func() { sim.Scale(w, 0) }
		}
	}
	for name, event := range events {
		err := sim.WithUndo(func() error {
			event()
			if err := sim.Run(t.Context(), 10*time.Second); err != nil {
				return err
			}
			sim.FailNodes(sim.Nodes()[:1]) // a second event
			return sim.Run(t.Context(), Never)
		})
		if err != nil {
			t.Fatal(err)
		}
		if after := stateText(sim); after != before {
			t.Fatalf("after %s:\n%s\nbefore:\n%s", name, after, before)
		}
	}
}

// TestMaintenance: after the drain of a node without budgets, the loss and the return of its power, and its uncordon, the node is as it was, and
// each DaemonSet has as many Ready pods. What Try keeps is undone with the scenario around it.
func TestMaintenance(t *testing.T) {
	returned := 0
	for seed := range uint64(seeds / 3) {
		c, s := simtest.Random(t, seed)
		s.Budgets = nil
		sim := newSim(t, c, s)
		before, n := stateText(sim), sim.Nodes()[int(seed)%len(sim.Nodes())]
		object := fmt.Sprint(n.Object().Spec, n.Failed())
		run := func() {
			if err := sim.Run(t.Context(), Never); err != nil {
				t.Fatal(err)
			}
		}
		err := sim.WithUndo(func() error {
			return sim.Try(func() (bool, error) {
				ready := map[*Controller]int{}
				for _, w := range sim.Controllers() {
					ready[w] = w.Ready()
				}
				sim.Drain(n)
				run()
				if why := sim.DrainBlocker(); why != "" {
					t.Errorf("seed %d: the drain does not end: %s", seed, why)
				}
				sim.FailNodes([]*Node{n})
				run()
				sim.RestoreNodes([]*Node{n})
				sim.Uncordon([]*Node{n})
				run()
				if now := fmt.Sprint(n.Object().Spec, n.Failed()); now != object {
					t.Errorf("seed %d: the node is %s, was %s", seed, now, object)
				}
				for _, w := range sim.Controllers() {
					if w.Workload.Kind == workload.DaemonSet && w.Ready() != ready[w] {
						t.Errorf("seed %d: %s has %d Ready pods after the maintenance, had %d", seed, w.Workload, w.Ready(), ready[w])
					}
					if w.Ready() >= ready[w] && ready[w] > 0 {
						returned++
					}
				}
				return true, nil
			})
		})
		if after := stateText(sim); err != nil || after != before {
			t.Errorf("seed %d: %v: the state before:\n%s\nafter:\n%s", seed, err, before, after)
		}
	}
	if returned < seeds/3 {
		t.Errorf("only %d workloads are whole after the maintenance", returned)
	}
}

// stateText returns everything that a scenario may change.
func stateText(c *Cluster) string {
	l := c.lifecycle
	lines := []string{fmt.Sprint(c.clock.now, len(c.drain.nodes), len(c.drain.listed), c.nodes.failed, len(c.queue.pods), len(c.clock.timers), len(c.journal.undo), len(c.observer.active))}
	for _, w := range c.controllers {
		lines = append(lines, fmt.Sprint(w.Workload, w.replicas, w.revision, w.oldReplicas, w.newReplicas, w.created, w.ready, w.failedNodes, c.observer.of(w)))
		for _, p := range w.pods {
			lines = append(lines, fmt.Sprint(p.Name(), p.object.Spec.NodeName, p.object.DeletionTimestamp, p.state, p.due, p.revision, p.unschedulable == nil, p.nominated(), p.preemptions, p.attachWait))
		}
	}
	for _, b := range l.budgets {
		lines = append(lines, fmt.Sprint(b.Object, len(b.pods)))
	}
	for claim, users := range l.attachments.users {
		for _, p := range users {
			lines = append(lines, fmt.Sprint(claim, p.key()))
		}
	}
	for key, b := range l.volumes.bound {
		lines = append(lines, fmt.Sprint(key, b))
	}
	for name := range l.volumes.taken {
		lines = append(lines, name)
	}
	for _, n := range c.nodes.list {
		pods, err := l.scheduler.Pods(n.Name())
		lines = append(lines, fmt.Sprint(n.Name(), n.failed, n.object.Spec, pods, err))
		for _, p := range n.pods {
			lines = append(lines, n.Name()+p.Name())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
