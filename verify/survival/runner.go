package survival

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
)

// runner simulates one scenario after the other. Each begins in the steady state.
type runner struct {
	Options
	cluster cluster.Cluster
	sim     *sim.Cluster
	classes *NodeClasses
	result  Result
	// second are the steps with a second failure in the scenarios that were simulated.
	second []step
}

// step is a part of the simulation: a scenario, or all scenarios with a second failure in one.
type step struct {
	event  Event
	target string
	run    func(context.Context) error
	// pods is how many pods the scenarios have to place, more or less.
	pods int
}

func newRunner(c cluster.Cluster, s *sim.Cluster, options Options) *runner {
	r := &runner{Options: options, cluster: c, sim: s, classes: NewNodeClasses(s, !options.everyTarget)}
	steady := Scenario{Event: SteadyState}
	for _, w := range s.Controllers() {
		steady.Outcomes = append(steady.Outcomes, OutcomeOf(r.sim, w))
	}
	r.result = Result{SteadyState: placements(s), Scenarios: []Scenario{steady}}
	return r
}

// runAll simulates all scenarios: first those with one event, then those with a second failure if these are not too many.
func (r *runner) runAll(ctx context.Context) error {
	r.sim.LimitAttempts(r.limits.attempts)
	steps := slices.Concat(r.nodeFailures(), r.domainFailures(), r.drains(), r.rollouts(), r.scaleUps())
	for i, s := range steps {
		if err := r.runStep(ctx, s, i+1, len(steps)); err != nil {
			return err
		}
	}
	first, pods := len(r.result.Scenarios), 0
	for _, s := range r.second {
		pods += s.pods
	}
	if pods > r.limits.second {
		r.result.Omitted = []Event{LoseNodeInDrain, LoseNodeInRollout}
		return nil
	}
	r.sim.LimitAttempts(r.limits.attempts)
	for i, s := range r.second {
		err := r.runStep(ctx, s, len(steps)+i+1, len(steps)+len(r.second))
		if errors.Is(err, sim.ErrTooLong) {
			r.result.Scenarios = r.result.Scenarios[:first]
			r.result.Omitted = []Event{LoseNodeInDrain, LoseNodeInRollout}
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) runStep(ctx context.Context, s step, number, of int) error {
	r.Progress(string(s.event)+" "+s.target, number, of)
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.run(ctx)
}

// run simulates a scenario: it calls begin and runs until the steady state. blocker returns why the scenario does not
// end, "" if it does; nil for events that always end. The result has the worst moment of each workload that the scenario
// affects. If the scenario may end differently in another order of events, its outcomes are the worst ones.
func (r *runner) run(ctx context.Context, s Scenario, begin func() error, blocker func() string) ([]moment, error) {
	defer r.sim.SetOrder(sim.Order{})
	worst, orders, err := r.simulate(ctx, &s, begin, blocker)
	if err != nil {
		return nil, err
	}
	all := []Ordered{s.ordered(sim.Order{})}
	for _, o := range orders {
		again := Scenario{Event: s.Event, Target: s.Target}
		r.sim.SetOrder(o)
		if _, _, err := r.simulate(ctx, &again, begin, blocker); err != nil {
			return nil, err
		}
		if one := again.ordered(o); !slices.ContainsFunc(all, one.equals) {
			all = append(all, one)
		}
		s.worsen(again, r.sim.Controllers())
	}
	if len(all) > 1 {
		s.Orders = all
	}
	r.result.Scenarios = append(r.result.Scenarios, s)
	return worst, nil
}

// simulate simulates a scenario in one order of events, and returns the others in which it may end differently.
func (r *runner) simulate(ctx context.Context, s *Scenario, begin func() error, blocker func() string) (worst []moment, orders []sim.Order, err error) {
	err = r.sim.WithUndo(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := r.sim.Run(ctx, sim.Never); err != nil {
			return err
		}
		if blocker != nil {
			s.Blocked = blocker()
			if s.Blocked != "" && (s.Event == DrainNode || s.Event == LoseNodeInDrain) {
				s.Blockers = r.sim.DrainBlockers()
			}
		}
		active := slices.SortedFunc(slices.Values(r.sim.Active()), func(a, b *sim.Controller) int { return a.Index - b.Index })
		for _, w := range active {
			s.Outcomes = append(s.Outcomes, OutcomeOf(r.sim, w))
		}
		for _, w := range r.sim.Active() {
			o := r.sim.Observation(w)
			worst = append(worst, moment{w, o.Least - w.Needs(), o.LeastAt})
		}
		s.Changes, orders = r.sim.Changes(), r.sim.Orders()
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", s.Event, s.Target, err)
	}
	return worst, orders, nil
}

// moment is the time at which a workload has the fewest Ready pods in a scenario.
type moment struct {
	workload *sim.Controller
	// spare is how many Ready pods it has then beyond those that it needs; negative in an outage.
	spare int
	at    time.Duration
}
