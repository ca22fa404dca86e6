package rules

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// BenchmarkCheck: all rules on 300 workloads with a budget each, and 5,000 nodes in 3 zones.
func BenchmarkCheck(b *testing.B) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-%[1]d}
spec:
  replicas: 4
  selector: {matchLabels: {app: api-%[1]d}}
  template:
    metadata: {labels: {app: api-%[1]d}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, minDomains: 3, labelSelector: {matchLabels: {app: api-%[1]d}}, matchLabelKeys: [pod-template-hash]}
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: api-%[1]d}}}
      containers: [{name: api, image: api}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api-%[1]d}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: api-%[1]d}}}
---`, i)
	}
	s := verifytest.Read(b, "all.yaml", text.String())
	c, err := cluster.Uniform(5000, 3)
	if err != nil {
		b.Fatal(err)
	}
	c.Described = true
	b.ReportAllocs()
	for b.Loop() {
		if found := Check(s, c); len(found) > 0 {
			b.Fatal(found[0].Message)
		}
	}
}

// BenchmarkCheckOfManyObjects: 300 workloads, each with a Service, a NetworkPolicy, or a ServiceAccount and its permissions.
func BenchmarkCheckOfManyObjects(b *testing.B) {
	names := regexp.MustCompile(`[nN]ame: (web|bus-peers|bus)\b`)
	var all strings.Builder
	for i := range 300 {
		for _, path := range []string{"lease-without-role", "policy-cuts-voters", "quorum-hidden-until-ready"}[i%3 : i%3+1] {
			manifests := text(b, filepath.Join("testdata", path, "correct.yaml"))
			all.WriteString(names.ReplaceAllString(manifests, fmt.Sprintf("${0}-%d", i)) + "---\n")
		}
	}
	s := verifytest.Read(b, "bench.yaml", all.String())
	for b.Loop() {
		if found := Check(s, cluster.Cluster{}); len(found) > 0 {
			b.Fatalf("%d findings: %s", len(found), found[0].Message)
		}
	}
}
