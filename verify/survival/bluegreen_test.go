package survival

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestBlueGreen: a Rollout deletes its old pods after all new ones are available, or at once if they were never all available: then no
// revision was promoted.
func TestBlueGreen(t *testing.T) {
	rollout := strings.Replace(simtest.Workload("Rollout", "a", "strategy: {blueGreen: {activeService: a, scaleDownDelaySeconds: 1}}", simtest.HostAntiAffinity), "apps/v1", "argoproj.io/v1alpha1", 1)
	for _, c := range []struct {
		name         string
		nodes, least int
	}{
		{"a node for each old and each new pod", 6, 3},
		{"a node too few for the old pods", 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, c.nodes, 1), verifytest.Read(t, "m.yaml", rollout))
			if err != nil {
				t.Fatal(err)
			}
			if o := scenario(t, r, Rollout, "Rollout a").Outcomes[0]; o.Least != c.least {
				t.Errorf("at least %d pods are Ready during the rollout, want %d: %+v", o.Least, c.least, o)
			}
		})
	}
}
