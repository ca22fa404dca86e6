package availability

import (
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Expectation is the expected unavailability and the cost of a workload.
type Expectation struct {
	Workload *workload.Workload
	// HasDown reports whether Down is defined. It is not for a Job, which completes, nor for a DaemonSet, whose pods serve their
	// own nodes.
	HasDown bool
	// Down is the share of the time in which the workload does not serve, 0 to 1.
	Down float64
	Cost Cost
}

// Expect returns the expectation of each workload of a system, in order, from the placement of its pods and the simulated
// outcomes.
func Expect(r Rates, c cluster.Cluster, s *workload.System, simulated survival.Result) []Expectation {
	all := make([]Expectation, len(s.Workloads))
	for i, w := range s.Workloads {
		subject := subjectOf(r, c, w, i, simulated)
		all[i] = Expectation{Workload: w, Cost: costOf(w, subject.On)}
		if model := w.Replication.Model; model != workload.PerNode && model != workload.Finite {
			all[i].HasDown, all[i].Down = true, subject.Down(r)
		}
	}
	return all
}

// subjectOf reads the outcomes of a workload, the i-th of the system. If outcomes differ between nodes, the worst counts.
func subjectOf(r Rates, c cluster.Cluster, w *workload.Workload, i int, simulated survival.Result) Subject {
	elsewhere := max(r.Node.Repair, r.Zone.Repair) // until the failed node or zone is back
	if after, ends := placement.UnreachableToleration(&w.Pod(0, 1).Spec); ends {
		elsewhere = r.Detection + after + r.Start
	}
	s := Subject{On: spots(c, w, simulated.SteadyState), NodeAway: min(elsewhere, r.Node.Repair), ZoneAway: r.Zone.Repair, DrainAway: r.Start, RolloutAway: r.Start}
	if len(c.Zones()) > 1 {
		s.ZoneAway = min(elsewhere, r.Zone.Repair)
	}
	for _, scenario := range simulated.Scenarios {
		o := simulated.Outcome(scenario, i)
		whole := o.After >= o.Pods
		switch scenario.Event {
		case survival.SteadyState:
			s.Needs = o.Needs
		case survival.LoseNode:
			if !whole {
				s.NodeAway = r.Node.Repair
			}
		case survival.LoseZone:
			if !whole {
				s.ZoneAway = r.Zone.Repair
			}
		case survival.DrainNode:
			s.DrainEvicts = max(s.DrainEvicts, o.Pods-o.Least)
			if !whole {
				s.DrainAway = max(r.Start, r.Drains.Away)
			}
		case survival.Rollout:
			if scenario.Target == w.String() {
				s.RolloutStops = o.Pods - o.Least
			}
		}
	}
	if w.Replication.Model == workload.Standby && len(s.On) > 1 {
		s.Election = r.Election
	}
	return s
}

// spots returns the nodes with pods of a workload, in order.
func spots(c cluster.Cluster, w *workload.Workload, rest []survival.Placement) []Spot {
	count := map[string]int{}
	for _, p := range rest {
		if p.Workload == w {
			count[p.Node]++
		}
	}
	var on []Spot
	for _, n := range c.Nodes {
		if count[n.Name] > 0 {
			on = append(on, Spot{Node: n.Name, Zone: n.Labels[cluster.ZoneLabel], Pods: count[n.Name]})
		}
	}
	return on
}
