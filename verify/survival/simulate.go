package survival

import (
	"context"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Options of a simulation.
type Options struct {
	// Progress is called before each step: a scenario, or all scenarios with a second failure in one. A step has a name like
	// "lose zone zone-2", and a number from 1 to of, which grows. nil is allowed.
	Progress func(step string, number, of int)

	// everyTarget simulates every target, and not one of each equivalence class.
	everyTarget bool
	// limits replaces the default ones.
	limits *limits
}

// Simulate places the workloads of a system on a cluster and simulates every event. The replication models must be set,
// see workload.System.SetReplication. Equivalent targets are simulated once. The error is a TooLargeError if the simulation
// would take too long; other errors are those of sim.New.
func Simulate(ctx context.Context, c cluster.Cluster, s *workload.System) (Result, error) {
	return SimulateWith(ctx, c, s, Options{})
}

// SimulateWith is Simulate with options.
func SimulateWith(ctx context.Context, c cluster.Cluster, s *workload.System, options Options) (Result, error) {
	if options.limits == nil {
		options.limits = &defaultLimits
	}
	if options.Progress == nil {
		options.Progress = func(string, int, int) {}
	}
	size := newSize(c, s)
	if err := size.check(*options.limits); err != nil {
		return Result{}, err
	}
	options.Progress("placing the pods", 1, 1)
	r, err := simulate(ctx, c, s, options, sim.Order{})
	if err != nil {
		return Result{}, size.explain(err)
	}
	orders := r.sim.SteadyOrders()
	if len(orders) > 0 {
		// Nodes may be equivalent in one order and not in another.
		options.everyTarget = true
		if r, err = simulate(ctx, c, s, options, sim.Order{}); err != nil {
			return Result{}, size.explain(err)
		}
	}
	for _, o := range orders[:min(len(orders), maxOrders)] {
		other, err := simulate(ctx, c, s, options, o)
		if err != nil {
			return Result{}, size.explain(err)
		}
		r.result.worsen(other.result, o, r.sim.Controllers())
	}
	order := eventOrder(c)
	slices.SortStableFunc(r.result.Scenarios, func(a, b Scenario) int { return slices.Index(order, a.Event) - slices.Index(order, b.Event) })
	return r.result, nil
}

// maxOrders limits the orders in which the steady state is simulated. In each of them, a workload has fewer pods than it should, so that
// no requirement is met whatever the others would show.
const maxOrders = 8

// simulate simulates all events, from the steady state in one order.
func simulate(ctx context.Context, c cluster.Cluster, s *workload.System, options Options, o sim.Order) (*runner, error) {
	state, err := sim.NewInOrder(ctx, c, s, o)
	if err != nil {
		return nil, err
	}
	r := newRunner(c, state, options)
	return r, r.runAll(ctx)
}

// eventOrder returns all events in the order of the result.
func eventOrder(c cluster.Cluster) []Event {
	order := []Event{SteadyState}
	for _, d := range c.FailureDomains() {
		order = append(order, LoseDomain(d))
	}
	return append(order, DrainNode, Rollout, ScaleUp, LoseNodeInDrain, LoseNodeInRollout)
}
