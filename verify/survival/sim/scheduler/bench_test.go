package scheduler

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// apart keeps pods of an app off each other's nodes.
func apart(app string) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: cluster.HostLabel, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
	}}}}
}

// crowd is how many pods are placed before all are taken off again: three of an app.
const crowd = 300

// newBench is a cluster in three zones, with a Service for each app if the scheduler is to know any.
func newBench(b *testing.B, nodes int, services bool) *Scheduler {
	b.Helper()
	c, err := cluster.Uniform(nodes, 3)
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(b.Context(), c.Nodes)
	if err != nil {
		b.Fatal(err)
	}
	var known ClusterObjects
	for i := range crowd / 3 {
		app := fmt.Sprint("app", i)
		known.Services = append(known.Services, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: app}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": app}}})
	}
	if !services {
		known = ClusterObjects{}
	}
	if err := s.SetObjects(known); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	return s
}

// BenchmarkPlace is what it costs to find a node for a pod and to put it there, by what keeps the pods of an app apart.
func BenchmarkPlace(b *testing.B) {
	kinds := []struct {
		name string
		pod  func(app string, i int) *corev1.Pod
	}{
		{"nothing", func(app string, i int) *corev1.Pod { return podOf(app, i) }},
		{"zone spread", func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.ZoneLabel, app)) }},
		{"host spread", func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.HostLabel, app)) }},
		{"anti-affinity", func(app string, i int) *corev1.Pod { p := podOf(app, i); p.Spec.Affinity = apart(app); return p }},
		{"a Service", func(app string, i int) *corev1.Pod { return podOf(app, i) }},
	}
	for _, nodes := range []int{6, 5000} {
		for _, kind := range kinds {
			b.Run(fmt.Sprintf("%s on %d", kind.name, nodes), func(b *testing.B) {
				s := newBench(b, nodes, kind.name == "a Service")
				var placed []*corev1.Pod
				for b.Loop() {
					if len(placed) == crowd {
						b.StopTimer()
						for _, pod := range placed {
							if err := s.Remove(pod); err != nil {
								b.Fatal(err)
							}
						}
						placed = placed[:0]
						b.StartTimer()
					}
					pod := kind.pod(fmt.Sprint("app", len(placed)/3), len(placed)%3)
					node, err := s.Place(b.Context(), pod)
					if err != nil {
						b.Fatal(err)
					}
					pod.Spec.NodeName = node
					if err := s.Add(pod); err != nil {
						b.Fatal(err)
					}
					placed = append(placed, pod)
				}
			})
		}
	}
}

// BenchmarkPreempt makes room for a pod where every node is full.
func BenchmarkPreempt(b *testing.B) {
	for _, nodes := range []int{6, 5000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			s := newBench(b, nodes, false)
			for i, n := range s.nodes.list {
				there := sized("app", i, "16", 0)
				there.Spec.NodeName = n.name()
				if err := s.Add(there); err != nil {
					b.Fatal(err)
				}
			}
			comes := sized("new", 0, "8", 1)
			for b.Loop() {
				if node, _, err := s.Preempt(b.Context(), comes, nil); err != nil || node == "" {
					b.Fatal(node, err)
				}
			}
		})
	}
}
