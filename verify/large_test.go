package verify

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// plain is a Deployment without constraints.
func plain(i, replicas int) string { return deployment(i, replicas, "") }

// complete is a Deployment with requests, a probe, a Service, a budget, and a constraint that spreads its pods.
func complete(i, replicas int) string {
	own := fmt.Sprintf("labelSelector: {matchLabels: {app: app-%d}}", i)
	constraint := "topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, " + own + "}]"
	if i%2 == 0 {
		constraint = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, " + own + "}]}}"
	}
	return deployment(i, replicas, constraint) + fmt.Sprintf(`---
{apiVersion: v1, kind: Service, metadata: {name: app-%[1]d}, spec: {selector: {app: app-%[1]d}, ports: [{port: 80}]}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: app-%[1]d}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: app-%[1]d}}}}
`, i)
}

func deployment(i, replicas int, constraint string) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%[1]d}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: app-%[1]d}}
  template:
    metadata: {labels: {app: app-%[1]d}}
    spec:
      %[3]s
      containers:
        - name: app
          image: example.org/app:1
          ports: [{containerPort: 80}]
          readinessProbe: {httpGet: {path: /, port: 80}}
          resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
`, i, replicas, constraint)
}

// BenchmarkRun verifies large systems on 100 nodes.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name                string
		workloads, replicas int
		manifest            func(i, replicas int) string
	}{
		{"1000 plain", 1000, 2, plain},
		{"1000 complete", 1000, 2, complete},
		{"5000 plain", 5000, 2, plain},
		{"5000 complete", 5000, 2, complete},
	} {
		b.Run(c.name, func(b *testing.B) {
			var text strings.Builder
			for i := range c.workloads {
				text.WriteString(c.manifest(i, c.replicas))
			}
			nodes, err := cluster.Uniform(100, 3)
			if err != nil {
				b.Fatal(err)
			}
			objects := verifytest.Parse(b, "m.yaml", text.String())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(b.Context(), Input{Objects: objects, Cluster: nodes}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
