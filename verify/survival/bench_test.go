package survival

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// BenchmarkFlagship simulates the Argo Events chart on six nodes.
func BenchmarkFlagship(b *testing.B) {
	c, s := uniform(b, 6, 3), golden(b, "multi-zone")
	b.ReportAllocs()
	for b.Loop() {
		r, err := Simulate(b.Context(), c, s)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Scenarios)), "scenarios")
	}
}

// BenchmarkLarge simulates 300 workloads with 1,000 pods on 5,000 nodes in three zones.
func BenchmarkLarge(b *testing.B) {
	c := uniform(b, 5000, 3)
	var text strings.Builder
	for i := range 300 {
		name := fmt.Sprintf("w%03d", i)
		own := "{matchLabels: {app: " + name + "}}"
		kind, extra, replicas := "Deployment", "", 3+i%2
		constraint := "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: " + own + "}, {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: " + own + "}]"
		if i%3 == 0 {
			kind, extra, replicas = "StatefulSet", "volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce]}}]", 3
			constraint = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: " + own + "}]}}"
		}
		workload := simtest.Replicas(replicas, simtest.Workload(kind, name, extra, constraint))
		text.WriteString(simtest.Container("resources: {requests: {cpu: 500m, memory: 1Gi}}", workload))
		text.WriteString(simtest.Budget(name, "maxUnavailable: 1"))
	}
	s := verifytest.Read(b, "m.yaml", text.String())
	b.ReportAllocs()
	for b.Loop() {
		r, err := Simulate(b.Context(), c, s)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(r.Scenarios)), "scenarios")
		b.ReportMetric(float64(len(r.SteadyState)), "pods")
	}
}
