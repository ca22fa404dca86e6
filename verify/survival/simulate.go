package survival

import (
	"context"
	"slices"

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
