package guarantee_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/survival"
)

// pods lists all bounds of a guarantee, those of nodes first.
func pods(g guarantee.Guarantee) []int {
	var all []int
	for _, b := range g.Bounds {
		all = append(all, b.Placed.Pods, b.AfterRollouts.Pods, b.AfterFailures.Pods)
	}
	return all
}

// TestMoreConstraints: one more constraint never makes a guarantee worse.
func TestMoreConstraints(t *testing.T) {
	better := 0
	for seed := range 2000 {
		r := random(seed)
		c := smallCluster(r)
		n, surge := 1+r.IntN(6), r.IntN(3)
		less := template(r, "a")
		more := *less.DeepCopy()
		switch from := template(random(seed+1_000_000), "a").Spec; r.IntN(3) {
		case 0:
			more.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
		case 1:
			if more.Spec.Affinity == nil {
				more.Spec.Affinity = from.Affinity
			}
		default:
			more.Spec.TopologySpreadConstraints = append(more.Spec.TopologySpreadConstraints, from.TopologySpreadConstraints...)
		}
		a := pods(guarantee.Of(c, read(t, deployment("a", n, surge, less)))[0])
		b := pods(guarantee.Of(c, read(t, deployment("a", n, surge, more)))[0])
		for i := range a {
			if b[i] > a[i] {
				t.Errorf("seed %d: %v became %v with one more constraint: %+v, then %+v", seed, a, b, less.Spec, more.Spec)
				break
			}
			if b[i] < a[i] {
				better++
			}
		}
	}
	if better < 100 {
		t.Errorf("only %d bounds became better: the constraints have no effect", better)
	}
}

// system returns random workloads, some with the same labels.
func system(r *rand.Rand) []any {
	var objects []any
	for _, name := range []string{"a", "b", "c"} {
		label := name
		if name == "c" && r.IntN(2) == 0 {
			label = "a"
		}
		if pods := template(r, label); r.IntN(2) == 0 {
			objects = append(objects, deployment(name, 1+r.IntN(4), r.IntN(2), pods))
		} else {
			objects = append(objects, set(name, 1+r.IntN(4), pods))
		}
	}
	return objects
}

// TestOrder: the order of objects and nodes does not matter.
func TestOrder(t *testing.T) {
	for seed := range 200 {
		r := random(seed)
		c, objects := smallCluster(r), system(r)
		before := guarantee.Of(c, read(t, objects...))
		c.Nodes = slices.Clone(c.Nodes)
		r.Shuffle(len(c.Nodes), func(i, j int) { c.Nodes[i], c.Nodes[j] = c.Nodes[j], c.Nodes[i] })
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		for i, after := range guarantee.Of(c, read(t, objects...)) {
			if !slices.Equal(pods(before[i]), pods(after)) {
				t.Errorf("seed %d: %s: %v, in another order %v", seed, after.Workload, pods(before[i]), pods(after))
			}
		}
	}
}

// TestSimulation: no simulation of random systems has more pods on a node or in a zone than guaranteed.
func TestSimulation(t *testing.T) {
	full := 0
	for seed := range 60 {
		r := random(seed)
		c := smallCluster(r)
		s := read(t, system(r)...)
		result, err := survival.Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		zoneOf := map[string]string{}
		for _, n := range c.Nodes {
			zoneOf[n.Name] = n.Labels[cluster.ZoneLabel]
		}
		promised := guarantee.Of(c, s)
		for _, scenario := range result.Scenarios {
			if scenario.Blocked != "" {
				continue // pods of two revisions: not a steady state
			}
			for i, g := range promised {
				bound := func(b *guarantee.Bounds) int {
					switch scenario.Event {
					case survival.SteadyState:
						return b.Placed.Pods
					case survival.Rollout, survival.DrainNode:
						return b.AfterRollouts.Pods
					}
					return b.AfterFailures.Pods
				}
				nodes, zones := map[string]int{}, map[string]int{}
				count := func(node string, by int) {
					if node != "" {
						nodes[node] += by
						if zone := zoneOf[node]; zone != "" {
							zones[zone] += by
						}
					}
				}
				for _, p := range result.SteadyState {
					if p.Workload == s.Workloads[i] {
						count(p.Node, 1)
					}
				}
				for _, change := range scenario.Changes {
					if change.Workload == s.Workloads[i] {
						count(change.From, -1)
						count(change.To, 1)
					}
				}
				for node, pods := range nodes {
					if pods > bound(g.For(cluster.Node)) {
						t.Errorf("seed %d: %s %s: %s has %d pods on %s, the guarantee is %d (%+v)", seed, scenario.Event, scenario.Target, g.Workload, pods, node, bound(g.For(cluster.Node)), g.For(cluster.Node))
					}
					if pods == bound(g.For(cluster.Node)) {
						full++
					}
				}
				for zone, pods := range zones {
					if pods > bound(g.For(cluster.Zone)) {
						t.Errorf("seed %d: %s %s: %s has %d pods in %s, the guarantee is %d (%+v)", seed, scenario.Event, scenario.Target, g.Workload, pods, zone, bound(g.For(cluster.Zone)), g.For(cluster.Zone))
					}
				}
			}
		}
	}
	if full == 0 {
		t.Error("no node ever holds as many pods as guaranteed: the bounds are loose")
	}
}

// BenchmarkOf: 300 workloads of 1,000 pods on 5,000 nodes.
func BenchmarkOf(b *testing.B) {
	c, err := cluster.Uniform(5000, 3)
	if err != nil {
		b.Fatal(err)
	}
	var objects []any
	for i := range 300 {
		pods := podTemplate(spread(unchanged), antiAffinity(cluster.HostLabel))
		pods.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
		objects = append(objects, deployment(fmt.Sprint("w", i), 3+i%2, 1, pods))
	}
	s := read(b, objects...)
	for b.Loop() {
		guarantee.Of(c, s)
	}
}
