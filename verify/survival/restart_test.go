package survival

import (
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestRestartsActive: a rollout that restarts the active pod without a takeover interrupts the service until that pod is Ready again,
// and for good if its node fails meanwhile. With a takeover, and before the active pod's turn, it does not.
func TestRestartsActive(t *testing.T) {
	cluster := func(more string) string {
		return "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: main}, spec: {instances: 3, stopDelay: 20, affinity: {podAntiAffinityType: required}, storage: {size: 1Gi}" + more + "}}"
	}
	for name, c := range map[string]struct {
		text         string
		event        Event
		least, after int
		interrupted  bool
	}{
		"restart":                    {cluster(""), Rollout, 0, 3, true},
		"restart, its node fails":    {cluster(""), LoseNodeInRollout, 0, 0, true},
		"switchover":                 {cluster(", primaryUpdateMethod: switchover"), Rollout, 2, 3, false},
		"switchover, its node fails": {cluster(", primaryUpdateMethod: switchover"), LoseNodeInRollout, 1, 2, false},
		"a person orders it":         {cluster(", primaryUpdateStrategy: supervised"), Rollout, 2, 3, false},
		"drain":                      {cluster(""), DrainNode, 2, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Simulate(t.Context(), uniform(t, 6, 3), verifytest.Read(t, "m.yaml", c.text))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range r.Scenarios {
				if s.Event != c.event {
					continue
				}
				o := s.Outcomes[0]
				if o.Least != c.least || o.After != c.after || o.Serves() == c.interrupted || c.after == 3 && c.interrupted && o.Recovery < 20*time.Second {
					t.Errorf("%s %s: at worst %d, in the end %d, after %s: want %d and %d", s.Event, s.Target, o.Least, o.After, o.Recovery, c.least, c.after)
				}
				return
			}
			t.Errorf("no %s", c.event)
		})
	}
}
