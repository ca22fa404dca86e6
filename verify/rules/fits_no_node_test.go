package rules

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// TestWhyRefused: the reason why all nodes refuse the pods includes labels and taints.
func TestWhyRefused(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"a label on no node", "nodeSelector: {disk: ssd}", "3 without the required labels (no node has disk=ssd)"},
		{"labels of different nodes", "nodeSelector: {topology.kubernetes.io/zone: a, kubernetes.io/hostname: b}", "3 without the required labels"},
		{"a taint on one node, a label on the others", "nodeSelector: {topology.kubernetes.io/zone: c}", "2 without the required labels, 1 with taints that the pods do not tolerate (control:NoSchedule)"},
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
		if got := whyRefused(facts.NewNodes(facts.New(s), described(t)), s.Workloads[0]); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
