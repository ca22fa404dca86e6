package rules

import (
	"fmt"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestNamespacesOfAffinity: anti-affinity repels pods of its own namespace if namespaces or namespaceSelector matches it. Then
// three pods do not fit on two nodes.
func TestNamespacesOfAffinity(t *testing.T) {
	const manifests = `
apiVersion: v1
kind: Namespace
metadata: {name: orders, labels: {tier: front}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: %s}
spec:
  replicas: 3
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: cart}}%s}
      containers: [{name: cart, image: cart}]
`
	two, err := cluster.Parse("cluster.yaml", []byte("nodes: [{name: a, count: 2}]"))
	if err != nil {
		t.Fatal(err)
	}
	want := findingsOf(podsOutnumberDomains, Check(system(t, fmt.Sprintf(manifests, "orders", "")), two))
	if len(want) != 1 {
		t.Fatalf("without namespaces: %d findings, want 1", len(want))
	}
	for _, c := range []struct {
		name, namespace, fields string
		repels                  bool
	}{
		{"own namespace and a selector that matches no namespace", "orders", "namespaces: [orders], namespaceSelector: {matchLabels: {tier: back}}", true},
		{"another namespace and a selector that matches the own one", "orders", "namespaces: [billing], namespaceSelector: {matchLabels: {tier: front}}", true},
		{"selector by a label of the Namespace", "orders", "namespaceSelector: {matchLabels: {tier: front}}", true},
		{"selector by the automatic label", "orders", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: orders}}", true},
		{"selector by the automatic label of a namespace that is not in the manifests", "billing", "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: billing}}", true},
		{"selector of all namespaces", "billing", "namespaceSelector: {}", true},
		{"selector that matches no namespace", "orders", "namespaceSelector: {matchLabels: {tier: back}}", false},
		{"selector by a label of a namespace that is not in the manifests", "billing", "namespaceSelector: {matchLabels: {tier: front}}", false},
		{"another namespace", "orders", "namespaces: [billing]", false},
	} {
		found := findingsOf(podsOutnumberDomains, Check(system(t, fmt.Sprintf(manifests, c.namespace, ", "+c.fields)), two))
		switch {
		case c.repels && (len(found) != 1 || found[0].Message != want[0].Message):
			t.Errorf("%s: %d findings %+v, want %q", c.name, len(found), found, want[0].Message)
		case !c.repels && len(found) != 0:
			t.Errorf("%s: %q, want no finding", c.name, found[0].Message)
		}
	}
}
