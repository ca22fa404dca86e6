package scheduler

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// antiAffinity keeps pods off the nodes with pods of an app.
func antiAffinity(app string) *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: cluster.HostLabel, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
	}}}}
}

// podCount is the number of pods that are placed before all are removed: three of each app.
const podCount = 300

// newBench returns a scheduler for nodes in three zones, with a Service for each app if services is set.
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
	var objects ClusterObjects
	for i := range podCount / 3 {
		app := fmt.Sprint("app", i)
		objects.Services = append(objects.Services, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: app}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": app}}})
	}
	if !services {
		objects = ClusterObjects{}
	}
	if err := s.SetObjects(objects); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	return s
}

// BenchmarkPlace places a pod and adds it, by the placement constraint between the pods of an app.
func BenchmarkPlace(b *testing.B) {
	constraints := []struct {
		name string
		pod  func(app string, i int) *corev1.Pod
	}{
		{"no constraint", func(app string, i int) *corev1.Pod { return podOf(app, i) }},
		{"zone spread", func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.ZoneLabel, app)) }},
		{"host spread", func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.HostLabel, app)) }},
		{"anti-affinity", func(app string, i int) *corev1.Pod { p := podOf(app, i); p.Spec.Affinity = antiAffinity(app); return p }},
		{"Service", func(app string, i int) *corev1.Pod { return podOf(app, i) }},
	}
	for _, nodes := range []int{6, 5000} {
		for _, constraint := range constraints {
			b.Run(fmt.Sprintf("%s on %d", constraint.name, nodes), func(b *testing.B) {
				s := newBench(b, nodes, constraint.name == "Service")
				var placed []*corev1.Pod
				for b.Loop() {
					if len(placed) == podCount {
						b.StopTimer()
						for _, pod := range placed {
							if err := s.Remove(pod); err != nil {
								b.Fatal(err)
							}
						}
						placed = placed[:0]
						b.StartTimer()
					}
					pod := constraint.pod(fmt.Sprint("app", len(placed)/3), len(placed)%3)
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

// BenchmarkPreempt preempts a pod where every node is full.
func BenchmarkPreempt(b *testing.B) {
	for _, nodes := range []int{6, 5000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			s := newBench(b, nodes, false)
			for i, n := range s.nodes.list {
				running := sized("app", i, "16", 0)
				running.Spec.NodeName = n.name()
				if err := s.Add(running); err != nil {
					b.Fatal(err)
				}
			}
			pod := sized("new", 0, "8", 1)
			for b.Loop() {
				if node, _, err := s.Preempt(b.Context(), pod, noBudgets); err != nil || node == "" {
					b.Fatal(node, err)
				}
			}
		})
	}
}
