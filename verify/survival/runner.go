package survival

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
)

// runner simulates one scenario after the other. Each begins in the steady state.
type runner struct {
	cluster cluster.Cluster
	sim     *sim.Cluster
	classes *nodeClasses
	result  Result
}

func newRunner(c cluster.Cluster, s *sim.Cluster, equivalence bool) *runner {
	r := &runner{cluster: c, sim: s, classes: newNodeClasses(s, equivalence)}
	steady := Scenario{Event: SteadyState}
	for _, w := range s.Controllers() {
		steady.Outcomes = append(steady.Outcomes, outcome(r.sim, w))
	}
	r.result = Result{SteadyState: placements(s), Scenarios: []Scenario{steady}}
	return r
}

// run simulates a scenario: it calls begin and runs until the steady state. blocker returns why the scenario does not
// end, "" if it does; nil for events that always end. The result has the worst moment of each workload that the scenario
// affects.
func (r *runner) run(ctx context.Context, s Scenario, begin func() error, blocker func() string) ([]moment, error) {
	var worst []moment
	err := r.sim.WithUndo(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := r.sim.Run(ctx, sim.Never); err != nil {
			return err
		}
		if blocker != nil {
			s.Blocked = blocker()
		}
		active := slices.SortedFunc(slices.Values(r.sim.Active()), func(a, b *sim.Controller) int { return a.Index - b.Index })
		for _, w := range active {
			s.Outcomes = append(s.Outcomes, outcome(r.sim, w))
		}
		for _, w := range r.sim.Active() {
			o := r.sim.Observation(w)
			worst = append(worst, moment{w, o.Least - w.Needs(), o.LeastAt})
		}
		s.Changes = r.sim.Changes()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Event, s.Target, err)
	}
	r.result.Scenarios = append(r.result.Scenarios, s)
	return worst, nil
}

// moment is the time at which a workload has the fewest Ready pods in a scenario.
type moment struct {
	workload *sim.Controller
	// spare is how many Ready pods it has then beyond those that it needs; negative in an outage.
	spare int
	at    time.Duration
}
