package survival

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Simulate places the workloads of a system, whose replication models are set, on a cluster and applies every event to it. Equivalent
// targets are simulated once.
func Simulate(ctx context.Context, c cluster.Cluster, s *workload.System) (Result, error) {
	return simulate(ctx, c, s, true)
}

// simulate is Simulate; without symmetry it simulates every target.
func simulate(ctx context.Context, c cluster.Cluster, s *workload.System, symmetry bool) (Result, error) {
	w, err := newWorld(ctx, c, s)
	if err != nil {
		return Result{}, err
	}
	if err := w.populate(ctx); err != nil {
		return Result{}, err
	}
	d := &director{world: w, classes: newClasses(w, symmetry)}
	d.rest = d.outcomes()
	d.SteadyState = w.placements()
	d.Scenarios = []Scenario{{Event: SteadyState, Outcomes: d.rest}}
	for _, scenes := range []func(context.Context) error{d.loseNodes, d.loseZones, d.drainNodes, d.rolls, d.grows} {
		if err := scenes(ctx); err != nil {
			return Result{}, err
		}
	}
	slices.SortStableFunc(d.Scenarios, func(a, b Scenario) int { return slices.Index(events, a.Event) - slices.Index(events, b.Event) })
	return d.Result, nil
}

// events are all events, in the order in which they are told.
var events = []Event{SteadyState, LoseNode, LoseZone, DrainNode, Rollout, ScaleUp, LoseNodeInDrain, LoseNodeInRollout}

// director plays one scenario after the other, each on the world at rest.
type director struct {
	*world
	classes *classes
	rest    []Outcome
	Result
}

// scene plays a scenario: what begins it, and as much time as it takes. ended says why it does not end, "" if it does.
func (d *director) scene(ctx context.Context, s Scenario, begin func() error, ended func() string) ([]moment, error) {
	var worst []moment
	err := d.play(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := d.run(ctx, never); err != nil {
			return err
		}
		if ended != nil {
			s.Blocked = ended()
		}
		s.Outcomes = d.outcomes()
		s.Changes = d.told()
		for _, c := range d.touched {
			worst = append(worst, moment{c, c.seen.least - c.needs(), c.seen.leastAt})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Event, s.Target, err)
	}
	d.Scenarios = append(d.Scenarios, s)
	return worst, nil
}

// moment is when a workload has the fewest pods in a play, and how many more than it needs.
type moment struct {
	of   *controller
	left int
	at   time.Duration
}
