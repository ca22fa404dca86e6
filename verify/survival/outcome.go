package survival

import (
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// OutcomeOf returns the outcome of the current scenario for a workload.
func OutcomeOf(s *sim.Cluster, w *sim.Controller) Outcome {
	seen := s.Observation(w)
	o := Outcome{Workload: w.Workload, Pods: w.Members(), Least: seen.Least, After: w.Serving(), Needs: w.Needs(), Pending: w.Blockers()}
	switch {
	case !o.Recovers():
		o.Recovery = -1
	case w.Workload.Replication.Model == workload.Standby && seen.LostReady:
		lease, _ := w.Workload.Lease()
		o.Recovery = seen.Outage + failoverTime(lease) // new pods wait for the lease, too
	case w.Workload.Replication.Model == workload.Elected && seen.LostReady:
		o.Recovery = seen.Outage + electionTime
	default:
		o.Recovery = seen.Outage
	}
	return o
}

// placements returns the nodes of all pods.
func placements(s *sim.Cluster) []Placement {
	var list []Placement
	for _, w := range s.Controllers() {
		for _, p := range w.Pods() {
			placed := Placement{Pod: p.Name(), Workload: w.Workload, Running: p.Running(), Reason: p.Blocker()}
			if p.Node() != nil {
				placed.Node = p.Node().Name()
			}
			list = append(list, placed)
		}
	}
	return list
}
