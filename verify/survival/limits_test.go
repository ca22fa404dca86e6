package survival

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestLimits: a system with too many pods, or too many attempts to place them, is refused. The scenarios with two failures are
// omitted before that, and then all of them are.
func TestLimits(t *testing.T) {
	text := ""
	for i := range 4 {
		text += simtest.Workload("Deployment", fmt.Sprint("w", i), "", "") // three pods each
	}
	c, s := uniform(t, 4, 2), verifytest.Read(t, "m.yaml", text)
	for name, l := range map[string]struct {
		limits            limits
		refused, complete bool
	}{
		"within the limits":           {limits{pods: 12, attempts: 1000, second: 1000}, false, true},
		"too many pods":               {limits{pods: 11, attempts: 1000, second: 1000}, true, false},
		"too many attempts":           {limits{pods: 12, attempts: 20, second: 1000}, true, false},
		"too many second failures":    {limits{pods: 12, attempts: 1000, second: 10}, false, false},
		"too many attempts in second": {limits{pods: 12, attempts: 60, second: 1000}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := SimulateWith(t.Context(), c, s, Options{limits: &l.limits})
			tooLarge := TooLargeError{}
			if errors.As(err, &tooLarge) != l.refused || (err != nil) != l.refused {
				t.Fatalf("%v", err)
			}
			if l.refused {
				if got := err.Error(); got != "4 workloads with 12 pods on 4 nodes are too large to simulate" {
					t.Error(got)
				}
				return
			}
			for _, event := range []Event{LoseNodeInDrain, LoseNodeInRollout} {
				simulated := slices.ContainsFunc(r.Scenarios, func(s Scenario) bool { return s.Event == event })
				if simulated != l.complete || slices.Contains(r.Omitted, event) == l.complete {
					t.Errorf("%s: simulated %v, omitted %v", event, simulated, r.Omitted)
				}
			}
			for _, event := range []Event{LoseNode, LoseZone, DrainNode, Rollout} {
				if !slices.ContainsFunc(r.Scenarios, func(s Scenario) bool { return s.Event == event }) {
					t.Errorf("%s is not simulated", event)
				}
			}
		})
	}
}
