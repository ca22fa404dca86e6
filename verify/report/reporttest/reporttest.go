// Package reporttest creates reports in tests.
package reporttest

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// Faults has a Deployment with one pod and a PodDisruptionBudget that blocks drains, and a quorum of two members, which is ignored.
const Faults = `apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: api, image: api}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: api}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: store
  annotations: {holdfast-ha.github.io/ignore-quorum-is-even: "a third <comes> & \x01 soon ]]>"}
spec:
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers: [{name: store, image: 'etcd:3'}]
`

// Budget returns another PodDisruptionBudget for the Deployment in Faults, as one more YAML document.
func Budget(name string) string {
	return strings.Replace(`
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: api}}
`, "NAME", name, 1)
}

// Verify returns the report of a manifest with a file name, on three nodes in three zones.
func Verify(t *testing.T, file, text, survives string) report.Report {
	t.Helper()
	c, err := cluster.Uniform(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	q, err := verdict.ParseRequirement(survives, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Run(t.Context(), verify.Input{Objects: verifytest.Parse(t, file, text), Cluster: c, Requirement: q})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Replace replaces all occurrences of old in a text. Without any, the test fails.
func Replace(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not in the text", old)
	}
	return strings.ReplaceAll(text, old, replacement)
}
