package checks

import (
	"fmt"
	"testing"
)

func TestClusterServices(t *testing.T) {
	deployment := func(name, labels string) string {
		return fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s, namespace: kube-system, labels: %s}, spec: {selector: {matchLabels: %s}}}
---
`, name, labels, labels)
	}
	pods := func(labels string, nodes ...string) (text string) {
		for i, n := range nodes {
			text += fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: %s-%d, namespace: kube-system, labels: %s}, spec: {nodeName: %s}, status: {conditions: [{type: Ready, status: "True"}]}}
---
`, n, i, labels, n)
		}
		return text
	}
	const dns, metrics = "{k8s-app: kube-dns}", "{k8s-app: metrics-server}"
	const second = `{apiVersion: v1, kind: Node, metadata: {name: a2, labels: {topology.kubernetes.io/zone: za}}}
---
`
	coredns := deployment("coredns", dns)
	test(t, clusterServices, []example{
		{"fine", three + coredns + pods(dns, "a", "b"), nil},
		{"no DNS", three, []string{"unknown cluster DNS: no Deployment of a known name found"}},
		{"no Ready pod", three + coredns, []string{"fail Deployment kube-system/coredns: cluster DNS has no Ready pod: no pod resolves a Service name"}},
		{"one pod", three + coredns + pods(dns, "a"), []string{"warn Deployment kube-system/coredns: cluster DNS has one Ready pod"}},
		{"one node", three + coredns + pods(dns, "a", "a"), []string{"warn Deployment kube-system/coredns: cluster DNS has all 2 Ready pods on Node a"}},
		{"one zone", three + second + coredns + pods(dns, "a", "a2"), []string{"warn Deployment kube-system/coredns: cluster DNS has all 2 Ready pods in zone za"}},
		{"others", three + coredns + pods(dns, "a", "b") + deployment("metrics-server", metrics) + pods(metrics, "c"), []string{"warn Deployment kube-system/metrics-server: metrics-server has one Ready pod"}},
	})
}

// TestClusterSoftware: each entry has labels, an effect and a source.
func TestClusterSoftware(t *testing.T) {
	for _, s := range clusterSoftware {
		if s.name == "" || len(s.labels) == 0 || s.effect == "" || s.source == "" {
			t.Errorf("%+v: incomplete", s)
		}
	}
}
