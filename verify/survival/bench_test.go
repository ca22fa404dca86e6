package survival

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// BenchmarkFlagship is all that happens to our chart on six nodes.
func BenchmarkFlagship(b *testing.B) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		b.Fatal(err)
	}
	s := golden(b, "multi-zone")
	b.ReportAllocs()
	for b.Loop() {
		r, err := Simulate(b.Context(), c, s)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Scenarios)), "plays")
	}
}

// BenchmarkLarge is all that happens to 300 workloads with 1,000 pods on 5,000 nodes in three zones.
func BenchmarkLarge(b *testing.B) {
	c, err := cluster.Uniform(5000, 3)
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	pods := 0
	for i := range 300 {
		name := fmt.Sprintf("w%03d", i)
		replicas := 3 + i%2
		if i%3 == 0 {
			replicas = 3
		}
		pods += replicas
		own := "{matchLabels: {app: " + name + "}}"
		spread := "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: " + own + "}, {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: " + own + "}]"
		kind, extra := "Deployment", ""
		if i%3 == 0 {
			kind, extra = "StatefulSet", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]"
			spread = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}]}}"
		}
		w := strings.Replace(make3(kind, name, extra, spread), "replicas: 3", fmt.Sprint("replicas: ", replicas), 1)
		text.WriteString(strings.Replace(w, "image: i", "image: i, resources: {requests: {cpu: 500m, memory: 1Gi}}", 1))
		text.WriteString(budgetOf(name, "maxUnavailable: 1"))
	}
	s := system(b, text.String())
	b.ReportAllocs()
	for b.Loop() {
		r, err := Simulate(b.Context(), c, s)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Scenarios)), "plays")
		b.ReportMetric(float64(len(r.SteadyState)), "pods")
	}
}
