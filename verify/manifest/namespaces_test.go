package manifest

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestNamespaces: objects without a namespace are in the namespace default if another object is, and in that of the command line.
func TestNamespaces(t *testing.T) {
	const budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: %s}\n"
	for _, c := range []struct{ of, given, want string }{
		{"default", "", "default"},
		{"shop", "", ""},
		{"''", "", ""},
		{"shop", "shop", "shop"},
		{"shop", "other", "other"},
	} {
		all, err := Parse("m.yaml", fmt.Appendf(nil, budget, c.of))
		if err != nil {
			t.Fatal(err)
		}
		if c.given != "" {
			SetNamespace(all, c.given)
		} else {
			CompleteNamespaces(all)
		}
		var decoded metav1.PartialObjectMetadata
		if err := all[0].Decode(&decoded); err != nil || all[0].Namespace != c.want || decoded.Namespace != c.want || all[1].Namespace != "" {
			t.Errorf("%+v: got %q, %q and %q (%v)", c, all[0].Namespace, decoded.Namespace, all[1].Namespace, err)
		}
	}
}
