package rules

import (
	"strings"
	"testing"
)

// TestRefused: who is refused by all nodes is told by which labels and which taints.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"a label that is nowhere", "nodeSelector: {disk: ssd}", "3 lack the labels that they ask for, and none has disk=ssd"},
		{"labels of different nodes", "nodeSelector: {topology.kubernetes.io/zone: a, kubernetes.io/hostname: b}", "3 lack the labels that they ask for"},
		{"a node by a taint, the others by a label", "nodeSelector: {topology.kubernetes.io/zone: c}", "2 lack the labels that they ask for; 1 have taints that they do not tolerate, control:NoSchedule"},
	} {
		s := system(t, strings.Replace(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      SPEC
      containers: [{name: a, image: a}]
`, "SPEC", c.spec, 1))
		g := newGround(s, described(t))
		if got := g.refused(s.Workloads[0]); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
