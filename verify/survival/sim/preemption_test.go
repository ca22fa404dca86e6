package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

func newSim(t *testing.T, c cluster.Cluster, s *workload.System) *Cluster {
	t.Helper()
	sim, err := New(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

// TestPreemption: a scale-up of the first workload, which has the highest priority, preempts pods of the others.
func TestPreemption(t *testing.T) {
	one := func(name, cpu string, grace int) string {
		text := simtest.Replicas(1, simtest.Workload("Deployment", name, "", fmt.Sprint("terminationGracePeriodSeconds: ", grace)))
		return simtest.Container("resources: {requests: {cpu: "+cpu+"}}", text)
	}
	for name, c := range map[string]struct {
		nodes string
		text  string
		to    int
		ready []int // Ready pods of each workload in the end
		last  time.Duration
	}{
		// The replacement of the first preempted pod would fit into the free capacity while the second terminates.
		"freed capacity is reserved until the pod fits": {
			"{name: n, count: 1, capacity: {cpu: 4}}, {name: m, count: 1, capacity: {cpu: 4}}",
			one("a", "4", 0) + one("b", "1", 5) + one("c", "2", 60), 2, []int{2, 0, 0}, 61 * time.Second,
		},
		"two pods preempt on two nodes": {
			"{name: n, count: 3, capacity: {cpu: 2}}",
			one("a", "1500m", 0) + one("b", "1500m", 7) + one("c", "1500m", 7), 3, []int{3, 0, 0}, 8 * time.Second,
		},
		"preempted pods use the remaining capacity": {
			"{name: n, count: 3, capacity: {cpu: 2}}",
			one("a", "1500m", 0) + one("b", "1500m", 7) + one("c", "500m", 7), 3, []int{3, 0, 1}, 8 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, err := cluster.Parse("c.yaml", []byte("nodes: ["+c.nodes+"]"))
			if err != nil {
				t.Fatal(err)
			}
			s := verifytest.Read(t, "m.yaml", c.text)
			s.Workloads[0].Template.Spec.Priority = ptr.To(int32(10))
			sim := newSim(t, nodes, s)
			sim.Scale(sim.Controllers()[0], c.to)
			if err := sim.Run(t.Context(), Never); err != nil {
				t.Fatal(err)
			}
			for i, want := range c.ready {
				if got := sim.Controllers()[i].Ready(); got != want {
					t.Errorf("%s: %d pods Ready, want %d: %+v", s.Workloads[i], got, want, sim.Changes())
				}
			}
			if sim.clock.now != c.last {
				t.Errorf("steady state after %s, want %s", sim.clock.now, c.last)
			}
		})
	}
}

// TestPendingPodsFitNowhere: no Pending pod could be placed or preempt others, neither in the steady state nor after
// node failures.
func TestPendingPodsFitNowhere(t *testing.T) {
	pending, preemptions := 0, 0
	for seed := range uint64(seeds) {
		c, s := simtest.Random(t, seed)
		for i, w := range s.Workloads {
			w.Template.Spec.Priority = ptr.To(int32(seed+uint64(i)) % 3)
		}
		sim := newSim(t, c, s)
		budgets := func() []*policyv1.PodDisruptionBudget { return budgetObjects(sim.lifecycle.budgets) }
		check := func() {
			for _, p := range sim.queue.pods {
				pending++
				volumes := sim.volumes.selectors(p, sim.lifecycle.attachments.inUse)
				if node, err := sim.lifecycle.scheduler.Place(t.Context(), p.object, volumes...); err == nil {
					t.Errorf("seed %d: Pending pod %s fits on %s", seed, p.key(), node)
				}
				node, victims, err := sim.lifecycle.scheduler.Preempt(t.Context(), p.object, budgets, volumes...)
				running := slices.ContainsFunc(victims, func(v *corev1.Pod) bool { return v.DeletionTimestamp == nil })
				if err != nil || running && p.preemptions < maxPreemptions {
					t.Errorf("seed %d: Pending pod %s could preempt %d pods on %s (%v)", seed, p.key(), len(victims), node, err)
				}
			}
			for _, c := range sim.controllers {
				for _, p := range c.pods {
					preemptions += p.preemptions
				}
			}
		}
		check()
		for _, n := range sim.Nodes() {
			err := sim.WithUndo(func() error {
				defer check()
				sim.FailNodes([]*Node{n})
				return sim.Run(t.Context(), Never)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if pending < 100 || preemptions < 100 {
		t.Errorf("%d Pending pods and %d preemptions: too few to prove anything", pending, preemptions)
	}
}
