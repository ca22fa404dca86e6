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

// BenchmarkPlace puts a thousand pods on a cluster, three of an app, and takes them off again: what a placement costs there.
func BenchmarkPlace(b *testing.B) {
	pods := map[string]func(app string, i int) *corev1.Pod{
		"plain":         func(app string, i int) *corev1.Pod { return podOf(app, i) },
		"zone spread":   func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.ZoneLabel, app)) },
		"host spread":   func(app string, i int) *corev1.Pod { return podOf(app, i, over(cluster.HostLabel, app)) },
		"anti-affinity": func(app string, i int) *corev1.Pod { p := podOf(app, i); p.Spec.Affinity = apart(app); return p },
	}
	for _, nodes := range []int{6, 5000} {
		for _, kind := range []string{"plain", "zone spread", "host spread", "anti-affinity"} {
			b.Run(fmt.Sprintf("%s on %d", kind, nodes), func(b *testing.B) {
				c, err := cluster.Uniform(nodes, 3)
				if err != nil {
					b.Fatal(err)
				}
				s, err := New(b.Context(), c.Nodes)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				var placed []*corev1.Pod
				for i := 0; b.Loop(); i++ {
					if len(placed) == min(1000, 50*nodes) {
						b.StopTimer()
						for _, pod := range placed {
							if err := s.Remove(pod); err != nil {
								b.Fatal(err)
							}
						}
						placed = placed[:0]
						b.StartTimer()
					}
					pod := pods[kind](fmt.Sprint("app", len(placed)/3), len(placed)%3)
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
