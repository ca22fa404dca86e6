package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestFixOfBlockingBudget: the fix is right for its cause. More pods do not help against maxUnavailable 0 or a percentage, and a
// quorum keeps its budget.
func TestFixOfBlockingBudget(t *testing.T) {
	const manifests = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a, annotations: {holdfast-ha.github.io/replication: %s}}
spec:
  replicas: %d
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: a, image: 'a:1'}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec: {%s, selector: {matchLabels: {app: a}}}
`
	for _, c := range []struct {
		replication string
		pods        int
		budget      string
		want        string
	}{
		{"stateless", 2, "maxUnavailable: 0", "Set maxUnavailable: 1. More pods do not help."},
		{"stateless", 2, "maxUnavailable: 0%", "Set maxUnavailable: 1. More pods do not help."},
		{"stateless", 3, "minAvailable: 100%", "Set maxUnavailable: 1 instead of minAvailable: 100%. More pods do not help."},
		{"stateless", 3, "minAvailable: 3", "Set maxUnavailable: 1 instead of minAvailable: 3. More pods help only"},
		{"stateless", 1, "minAvailable: 1", "Set maxUnavailable: 1 instead of minAvailable: 1. A drain then stops the only pod until it runs on another node; run a second pod"},
		{"single", 1, "maxUnavailable: 0", "Set maxUnavailable: 1. A drain then stops the pod until it runs on another node; this workload never has two."},
		{"quorum", 3, "maxUnavailable: 0", "Set maxUnavailable: 1. More members do not help, and without a budget"},
		{"quorum", 3, "minAvailable: 3", "Set maxUnavailable: 1 instead of minAvailable: 3. More members do not help, and without a budget"},
		{"quorum", 1, "minAvailable: 1", "Set maxUnavailable: 1 instead of minAvailable: 1. A drain then stops the only member: run 3."},
	} {
		found := findingsOf(budgetBlocksDrain, Check(system(t, fmt.Sprintf(manifests, c.replication, c.pods, c.budget)), cluster.Cluster{}))
		if len(found) != 1 || !strings.HasPrefix(found[0].Fix, c.want) {
			t.Errorf("%d pods, %s, %s: %+v, want the fix %q", c.pods, c.replication, c.budget, found, c.want)
		}
		if len(found) == 1 && strings.Contains(strings.ToLower(found[0].Fix), "remove") {
			t.Errorf("%d pods, %s, %s: the fix removes the budget: %s", c.pods, c.replication, c.budget, found[0].Fix)
		}
	}
}
