package survival

import (
	"context"
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Play places the workloads of a system, whose replication is told, on a cluster, and lets each event happen to it.
func Play(ctx context.Context, c cluster.Cluster, s *workload.System) (Result, error) {
	w, err := newWorld(ctx, c)
	if err != nil {
		return Result{}, err
	}
	if err := w.populate(ctx, s.Workloads); err != nil {
		return Result{}, err
	}
	scenarios := []Scenario{{Event: Rest}}
	for _, n := range c.Nodes {
		scenarios = append(scenarios, Scenario{Event: LoseNode, Target: n.Name, Nodes: []string{n.Name}})
	}
	for _, zone := range c.Zones() {
		scenarios = append(scenarios, Scenario{Event: LoseZone, Target: zone, Nodes: c.In(zone)})
	}
	for i := range scenarios {
		if err := w.losing(ctx, s.Workloads, &scenarios[i]); err != nil {
			return Result{}, fmt.Errorf("%s %s: %w", scenarios[i].Event, scenarios[i].Target, err)
		}
	}
	return Result{Rest: w.placements(s.Workloads), Scenarios: scenarios}, nil
}

// placements lists where all pods are.
func (w *world) placements(all []*workload.Workload) []Placement {
	var list []Placement
	for _, of := range all {
		for _, p := range w.pods {
			if p.of == of {
				list = append(list, Placement{Pod: p.object.Name, Workload: of, Node: p.node, Why: p.reason()})
			}
		}
	}
	return list
}

// reason is why a pod waits, "" if it does not.
func (p *pod) reason() string {
	if p.why == nil {
		return ""
	}
	return p.why.Error()
}

// losing plays the loss of nodes: their pods stand in the API, marked for deletion, and controllers make others.
func (w *world) losing(ctx context.Context, all []*workload.Workload, s *Scenario) error {
	return w.play(func() error {
		gone := w.lose(s.Nodes...)
		left := w.running(gone)
		for _, p := range gone {
			if err := w.terminate(p); err != nil {
				return err
			}
			s.Changes = append(s.Changes, Change{Pod: p.object.Name, Workload: p.of, From: p.node, Why: "its node is lost"})
		}
		for _, p := range gone {
			if !replacedElsewhere(p.of) {
				continue
			}
			next := w.create(p.of, len(w.pods), 1)
			if err := w.schedule(ctx, next); err != nil {
				return err
			}
			s.Changes = append(s.Changes, Change{Pod: next.object.Name, Workload: p.of, To: next.node, Why: next.reason()})
		}
		after := w.running(gone)
		for _, of := range all {
			o := Outcome{Workload: of, Pods: w.wanted(of), Least: left[of], After: after[of]}
			if of.Kind == workload.DaemonSet {
				// Nobody misses the pod of a node that is lost.
				o.Pods -= count(gone, of)
			}
			o.Needs = of.Replication.Model.Needs(o.Pods)
			for _, p := range w.pods {
				if p.of == of && p.node == "" && p.why != nil {
					o.Waits = append(o.Waits, p.why.Error())
				}
			}
			s.Outcomes = append(s.Outcomes, o)
		}
		return nil
	})
}

// replacedElsewhere: a StatefulSet waits for a node that may still run its pod, a DaemonSet has nowhere else to go, and
// nobody makes a bare Pod again.
func replacedElsewhere(of *workload.Workload) bool {
	return slices.Contains([]string{workload.Deployment, workload.ReplicaSet, workload.Job}, of.Kind)
}

// running counts the pods of each workload that run, but those that are gone.
func (w *world) running(gone []*pod) map[*workload.Workload]int {
	count := map[*workload.Workload]int{}
	for _, p := range w.pods {
		if p.node != "" && !slices.Contains(gone, p) {
			count[p.of]++
		}
	}
	return count
}

// wanted is how many pods a workload should have.
func (w *world) wanted(of *workload.Workload) int {
	if of.Kind != workload.DaemonSet {
		return of.Replicas
	}
	return count(w.pods, of)
}

// count is how many pods are of a workload.
func count(pods []*pod, of *workload.Workload) int {
	n := 0
	for _, p := range pods {
		if p.of == of {
			n++
		}
	}
	return n
}
