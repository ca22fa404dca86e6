package survival

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestRolloutOfStatefulSet: from 1.37, a rollout of a StatefulSet replaces up to maxUnavailable pods at once.
func TestRolloutOfStatefulSet(t *testing.T) {
	for name, c := range map[string]struct {
		spec, running string
		before, from  int // the fewest Ready pods before 1.37, and from it on
		blocked       bool
	}{
		"in order":                  {"updateStrategy: {rollingUpdate: {maxUnavailable: 2}}", "", 2, 1, false},
		"parallel":                  {"updateStrategy: {rollingUpdate: {maxUnavailable: 2}}\n  podManagementPolicy: Parallel", "", 2, 1, false},
		"all at once":               {"updateStrategy: {rollingUpdate: {maxUnavailable: 3}}\n  podManagementPolicy: Parallel", "", 2, 0, false},
		"by default":                {"podManagementPolicy: Parallel", "", 2, 2, false},
		"a percentage rounded down": {"updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}\n  podManagementPolicy: Parallel", "", 2, 2, false},
		"only some":                 {"updateStrategy: {rollingUpdate: {maxUnavailable: 3, partition: 2}}\n  podManagementPolicy: Parallel", "", 2, 2, false},
		"by hand":                   {"updateStrategy: {type: OnDelete}\n  podManagementPolicy: Parallel", "", 3, 3, false},
		// Before 1.37, the broken pod is deleted after the Ready one above it. From 1.37 it comes first, and Ready ones only beyond it.
		"a pod is broken":           {"updateStrategy: {rollingUpdate: {maxUnavailable: 1}}\n  podManagementPolicy: Parallel", "a-0 node-1, a-1 node-2 crash, a-2 node-3", 1, 2, true},
		"a pod is broken, in order": {"updateStrategy: {rollingUpdate: {maxUnavailable: 3}}", "a-0 node-1, a-1 node-2 crash, a-2 node-3", 2, 2, true},
	} {
		text := simtest.Workload("StatefulSet", "a", c.spec, "")
		if c.running != "" {
			text += running("StatefulSet a", strings.Split(c.running, ", ")...)
		}
		for minor := cluster.OldestVersion.Minor; minor <= cluster.NewestVersion.Minor; minor++ {
			nodes := uniform(t, 3, 3)
			nodes.Version = cluster.Version{Major: 1, Minor: minor}
			r, err := Simulate(t.Context(), nodes, verifytest.Read(t, "m.yaml", text))
			if err != nil {
				t.Fatal(err)
			}
			want := c.before
			if minor >= 37 {
				want = c.from
			}
			s := scenario(t, r, Rollout, "StatefulSet a")
			if got := s.Outcomes[0].Least; got != want || (s.Blocked != "") != c.blocked {
				t.Errorf("%s on 1.%d: at least %d pods Ready, want %d; blocked: %q", name, minor, got, want, s.Blocked)
			}
		}
	}
}

// TestDetectionOfVersions: from 1.32, the control plane detects a node failure 10 s later.
func TestDetectionOfVersions(t *testing.T) {
	for minor, want := range map[int]time.Duration{31: 341 * time.Second, 32: 351 * time.Second, 37: 351 * time.Second} {
		nodes := uniform(t, 2, 0)
		nodes.Version = cluster.Version{Major: 1, Minor: minor}
		r, err := Simulate(t.Context(), nodes, verifytest.Read(t, "m.yaml", simtest.Replicas(1, simtest.Workload("Deployment", "a", "", ""))))
		if err != nil {
			t.Fatal(err)
		}
		if got := scenario(t, r, LoseNode, "node-1").Outcomes[0].Recovery; got != want {
			t.Errorf("1.%d: serves again after %s, want %s", minor, got, want)
		}
	}
}
