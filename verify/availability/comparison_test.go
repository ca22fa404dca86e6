package availability

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestCompareNamesOtherDomains: the failure of a rack is simulated, but not in the figures; the text states that.
func TestCompareNamesOtherDomains(t *testing.T) {
	const limit = "multi-rack: the failure of a rack is not in the figures"
	rack := cluster.Domain{Name: "rack", Label: "example.org/rack"}
	c, err := cluster.Uniform(3, 0, cluster.Count{Domain: rack, Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	system := verifytest.Read(t, "pod.yaml", `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: i}]}}`)
	for _, domains := range [][]cluster.Domain{nil, {rack}} {
		c.Domains = domains
		compared, err := Compare(t.Context(), "test", Default(), []Variant{{Profile: "multi-rack", Cluster: c, System: system}})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := compared.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Contains(text.String(), limit), len(domains) > 0; got != want {
			t.Errorf("domains %v: the limit is stated: %v, want %v\n%s", domains, got, want, text.String())
		}
	}
}
