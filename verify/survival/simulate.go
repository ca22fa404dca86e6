package survival

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Simulate places the workloads of a system on a cluster and simulates every event. The replication models must be set,
// see workload.System.SetReplication. Equivalent targets are simulated once. Errors are those of sim.New.
func Simulate(ctx context.Context, c cluster.Cluster, s *workload.System) (Result, error) {
	return simulate(ctx, c, s, true)
}

// simulate is Simulate; without equivalence it simulates every target.
func simulate(ctx context.Context, c cluster.Cluster, s *workload.System, equivalence bool) (Result, error) {
	state, err := sim.New(ctx, c, s)
	if err != nil {
		return Result{}, err
	}
	r := newRunner(c, state, equivalence)
	for _, scenarios := range []func(context.Context) error{r.nodeFailures, r.domainFailures, r.drains, r.rollouts, r.scaleUps} {
		if err := scenarios(ctx); err != nil {
			return Result{}, err
		}
	}
	order := eventOrder(c)
	slices.SortStableFunc(r.result.Scenarios, func(a, b Scenario) int { return slices.Index(order, a.Event) - slices.Index(order, b.Event) })
	return r.result, nil
}

// eventOrder returns all events in the order of the result.
func eventOrder(c cluster.Cluster) []Event {
	order := []Event{SteadyState}
	for _, d := range c.FailureDomains() {
		order = append(order, LoseDomain(d))
	}
	return append(order, DrainNode, Rollout, ScaleUp, LoseNodeInDrain, LoseNodeInRollout)
}

// runner simulates one scenario after the other. Each begins in the steady state.
type runner struct {
	cluster cluster.Cluster
	sim     *sim.Cluster
	classes *nodeClasses
	// steadyState are the outcomes of workloads that no event has affected.
	steadyState []Outcome
	result      Result
}

func newRunner(c cluster.Cluster, s *sim.Cluster, equivalence bool) *runner {
	r := &runner{cluster: c, sim: s, classes: newNodeClasses(s, equivalence)}
	for _, w := range s.Controllers() {
		r.steadyState = append(r.steadyState, outcome(w))
	}
	r.result = Result{SteadyState: placements(s), Scenarios: []Scenario{{Event: SteadyState, Outcomes: r.steadyState}}}
	return r
}

// run simulates a scenario that begin starts, until nothing happens any more. Blocker returns why it does not end, ""
// if it does; nil for events that always end. The result has the worst moment of each workload that the scenario
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
		s.Outcomes = slices.Clone(r.steadyState)
		for _, w := range r.sim.Active() {
			s.Outcomes[w.Index] = outcome(w)
			o := w.Observation()
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
