package survival

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// golden returns the system of a golden case, with a replication model by the kind of each workload.
func golden(t testing.TB, name string) *workload.System {
	t.Helper()
	s := verifytest.Load(t, filepath.Join("..", "..", "golden", name, "objects"))
	for _, w := range s.Workloads {
		w.Replication.Model = workload.Stateless
		if w.Kind == workload.StatefulSet {
			w.Replication.Model = workload.Quorum
		}
		if w.Kind == workload.DaemonSet {
			w.Replication.Model = workload.PerNode
		}
	}
	return s
}

// TestPromises: the charts keep the promises of their profiles. Replicated workloads serve through each node failure,
// and each zone failure if that is promised; drains and rollouts end. The bus of single-node does not, so that the test
// can fail.
func TestPromises(t *testing.T) {
	c := uniform(t, 6, 3)
	outages := map[string]int{}
	for _, name := range []string{"multi-zone", "multi-node", "single-node", "web-multi-zone"} {
		r, err := Simulate(t.Context(), c, golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[Event]int{}
		for _, s := range r.Scenarios {
			seen[s.Event] += 1 + len(s.Equivalent)
			promised := slices.Contains([]Event{SteadyState, LoseNode, DrainNode, Rollout}, s.Event) || s.Event == LoseZone && strings.Contains(name, "multi-zone")
			if promised && s.Blocked != "" {
				t.Errorf("%s: %s %s: %s", name, s.Event, s.Target, s.Blocked)
			}
			for _, o := range allOutcomes(r, s) {
				if s.Event == SteadyState && (o.Least != o.Pods || o.After != o.Pods || len(o.Pending) > 0) {
					t.Errorf("%s: %s is not placed: %v", name, o.Workload, o.Pending)
				}
				if replicated := o.Workload.Replicas > 1; replicated && promised && !o.Serves() {
					t.Errorf("%s: %s %s: %s has %d of %d pods Ready and needs %d", name, s.Event, s.Target, o.Workload, o.Least, o.Pods, o.Needs)
				}
				if o.Workload.Kind == workload.StatefulSet && s.Event == LoseNode && !o.Serves() {
					outages[name]++
				}
				if o.Workload.Kind == workload.Deployment && promised && !o.Recovers() {
					t.Errorf("%s: %s %s: %s does not recover: %v", name, s.Event, s.Target, o.Workload, o.Pending)
				}
				if (o.Recovery < 0) == o.Recovers() || o.Recovery == 0 && !o.Serves() {
					t.Errorf("%s: %s %s: %s: recovery %s: %+v", name, s.Event, s.Target, o.Workload, o.Recovery, o)
				}
			}
		}
		if seen[SteadyState] != 1 || seen[LoseNode] != 6 || seen[LoseZone] != 3 || seen[DrainNode] != 6 || seen[Rollout] == 0 || (seen[LoseNodeInDrain] == 0) != (name == "single-node") || seen[LoseNodeInRollout] == 0 {
			t.Errorf("%s: simulated %v", name, seen)
		}
	}
	if outages["single-node"] == 0 || outages["multi-node"] > 0 {
		t.Errorf("outages of the bus: %v", outages)
	}
}
