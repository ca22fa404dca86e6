package guarantee_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// budgets returns random PodDisruptionBudgets; some select the pods of several workloads.
func budgets(r *rand.Rand) []any {
	var all []any
	for _, app := range []string{"a", "b"} {
		if r.IntN(3) == 0 {
			continue
		}
		b := policyv1.PodDisruptionBudget{TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}, ObjectMeta: metav1.ObjectMeta{Name: app}}
		b.Spec.Selector = selector(app)
		if r.IntN(2) == 0 {
			b.Spec.MaxUnavailable = ptr.To(intstr.FromInt(r.IntN(3)))
		} else {
			b.Spec.MinAvailable = ptr.To(intstr.FromInt(r.IntN(4)))
		}
		all = append(all, b)
	}
	return all
}

// crowded returns random workloads with requests that may fill a node, and priorities.
func crowded(r *rand.Rand) []any {
	var objects []any
	for _, o := range system(r) {
		var spec *corev1.PodSpec
		switch w := o.(type) {
		case appsv1.Deployment:
			o, spec = &w, &w.Spec.Template.Spec
		case appsv1.StatefulSet:
			o, spec = &w, &w.Spec.Template.Spec
		}
		if r.IntN(4) == 0 {
			spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(fmt.Sprint(1 + r.IntN(7)))}
		}
		if r.IntN(6) == 0 {
			spec.PriorityClassName = "system-cluster-critical"
		}
		objects = append(objects, o)
	}
	return append(objects, budgets(r)...)
}

// placeAll places the pods of a system one after the other in a random order, each on any node that the scheduler accepts, and
// makes them the running pods. It returns the workloads with a pod that fits on no node.
func placeAll(t *testing.T, r *rand.Rand, c cluster.Cluster, s *workload.System) map[*workload.Workload]bool {
	t.Helper()
	on, err := scheduler.New(t.Context(), c.Nodes)
	if err != nil {
		t.Fatal(err)
	}
	type one struct {
		w *workload.Workload
		i int
	}
	var queue []one
	for _, w := range s.Workloads {
		w.Running = nil
		for i := range w.Replicas {
			queue = append(queue, one{w, i})
		}
	}
	r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	without := map[*workload.Workload]bool{}
	for _, p := range queue {
		pod := p.w.Pod(p.i, 1)
		names, err := on.Feasible(context.Background(), pod)
		if refused := (*scheduler.Unschedulable)(nil); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if len(names) == 0 {
			without[p.w] = true
			continue
		}
		pod.Spec.NodeName = names[r.IntN(len(names))]
		if err := on.Add(pod); err != nil {
			t.Fatal(err)
		}
		p.w.Running = append(p.w.Running, workload.Running{Name: pod.Name, Node: pod.Spec.NodeName, Ordinal: p.i, Ready: true})
	}
	for _, w := range s.Workloads {
		slices.SortFunc(w.Running, func(a, b workload.Running) int { return a.Ordinal - b.Ordinal })
	}
	return without
}

// TestProofs: what is proven for an event holds in every placement that the scheduler allows, however it chooses among the nodes.
func TestProofs(t *testing.T) {
	proven, refuted := map[string]int{}, 0
	for seed := range 250 {
		r := random(seed)
		c := smallCluster(r)
		s := read(t, crowded(r)...)
		for _, w := range s.Workloads {
			w.Replication.Model = []workload.Model{workload.Quorum, workload.Stateless, workload.Shards}[r.IntN(3)]
		}
		all := guarantee.Of(c, s)
		for range 4 {
			without := placeAll(t, r, c, s)
			for i, g := range all {
				if g.SteadyState.Completes && without[s.Workloads[i]] {
					t.Errorf("seed %d: %s: proven that every pod finds a node, and one does not: %s", seed, g.Workload, describe(s))
				}
			}
			if len(without) > 0 {
				continue // no steady state
			}
			result, err := survival.Simulate(t.Context(), c, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, scenario := range result.Scenarios {
				for i, g := range all {
					// A proof is about the steady state, which itself may depend on the placement.
					proof := proofOf(c, g, scenario)
					o := result.Outcome(scenario, i)
					if proof == nil || !g.SteadyState.Completes {
						continue
					}
					ends := scenario.Blocked == "" || scenario.Event == survival.DrainNode && !slices.Contains(scenario.Blockers, g.Workload)
					if proof.Completes && !ends || proof.Serves && !o.Serves() && scenario.Event != survival.Rollout || proof.Completes && proof.Replaced && !o.Recovers() {
						t.Errorf("seed %d: %s in %s %s: proven %+v, got %+v, blocked %q\n%s", seed, g.Workload, scenario.Event, scenario.Target, proof, o, scenario.Blocked, describe(s))
					}
					if proof.Completes && proof.Serves {
						proven[string(scenario.Event)]++
					} else if !ends || !o.Serves() {
						refuted++
					}
				}
			}
		}
	}
	for _, event := range []survival.Event{survival.LoseNode, survival.LoseZone, survival.DrainNode, survival.Rollout} {
		if proven[string(event)] < 50 {
			t.Errorf("%s: only %d proofs tested", event, proven[string(event)])
		}
	}
	if refuted < 100 {
		t.Errorf("only %d effects are refuted: the systems are too easy", refuted)
	}
}

// proofOf returns the proof that a scenario tests; nil if there is none for this workload.
func proofOf(c cluster.Cluster, g guarantee.Guarantee, s survival.Scenario) *guarantee.Proof {
	switch s.Event {
	case survival.DrainNode:
		return &g.Drain
	case survival.Rollout:
		if s.Target == g.Workload.String() {
			return &g.Rollout
		}
	}
	for _, d := range c.FailureDomains() {
		if survival.LoseDomain(d) == s.Event {
			return g.Failure(d)
		}
	}
	return nil
}

func describe(s *workload.System) string {
	text := ""
	for _, w := range s.Workloads {
		text += fmt.Sprintf("%s: %d pods, %s, rollout %+v, priority %d\n spread %+v\n affinity %+v\n selector %v requests %v\n on %+v\n", w, w.Replicas, w.Replication.Model, w.Rollout, ptr.Deref(w.Template.Spec.Priority, 0),
			w.Template.Spec.TopologySpreadConstraints, w.Template.Spec.Affinity, w.Template.Spec.NodeSelector, w.Template.Spec.Containers[0].Resources.Requests, w.Running)
	}
	for _, b := range s.Budgets {
		text += fmt.Sprintf("%s: minAvailable %v, maxUnavailable %v\n", b.Object, b.MinAvailable, b.MaxUnavailable)
	}
	return text
}
