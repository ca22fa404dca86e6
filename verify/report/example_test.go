package report_test

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// faults has a Deployment with one pod and a PodDisruptionBudget that blocks drains, and a quorum of two members, which is ignored.
const faults = `apiVersion: apps/v1
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

// verified returns the report of a manifest with a file name, on three nodes in three zones.
func verified(t *testing.T, file, text, survives string) report.Report {
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

// edited replaces words in a text. A missing word fails the test.
func edited(t *testing.T, text string, oldnew ...string) string {
	t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("%q is not in the text", oldnew[i])
		}
		text = strings.ReplaceAll(text, oldnew[i], oldnew[i+1])
	}
	return text
}
