// Package guarantee says what hard constraints alone promise: the most pods of a workload that one node or one zone can
// hold, and so the most that its loss can take, wherever the scheduler puts them.
//
// What binds is required anti-affinity of pods to their own kind, spread constraints that say DoNotSchedule, host ports, and
// the room on nodes; where pods may be at all follows from node selectors, node affinity and taints. Preferences, and what
// else runs on a node, bind nothing. Disks only forbid more, so what is said here holds with them, too.
//
// It is about pods that have a place, at rest: whether all find one, and what a failure in the middle of a rollout does, is
// played by package survival.
package guarantee

import (
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Guarantee is what a workload's hard constraints promise on a cluster.
type Guarantee struct {
	Workload *workload.Workload
	// Pods is how many it should have: its replicas, and for a DaemonSet as many as nodes take it.
	Pods int
	// Node and Zone are for the loss of one; Zone is nil if the nodes are in none.
	Node, Zone *Bounds
}

// Bounds are the most pods that one failure can take, by what has happened before.
type Bounds struct {
	// Placed: the pods were placed once, with all nodes there.
	Placed Bound
	// Rolled: after any number of rollouts, evictions and changes of scale, up to what an autoscaler may ask for, one node
	// drained at a time.
	Rolled Bound
	// Healed: the same, and a node or a zone was away, even deleted and during a drain of another node, and is back. Pods that
	// were made again elsewhere in the meantime stay there.
	Healed Bound
}

// Bound is the most pods that one node or zone can hold.
type Bound struct {
	Pods int
	// On is the first node or zone by name that can hold as many; "" if none takes a pod.
	On string
	// Why is the constraint that proves it, for people.
	Why string
	// Serves tells whether the workload goes on without them. Where the constraints leave places for fewer pods than there
	// should be, it is those that count.
	Serves bool
}

// moment is what has happened before, in the words of Bounds.
type moment int

const (
	placed moment = iota
	rolled
	healed
	moments
)

// Of gives the guarantee of each workload of a system, in order.
func Of(c cluster.Cluster, s *workload.System) []Guarantee {
	t, read := newTopology(c), newSystem(s)
	all := make([]Guarantee, len(s.Workloads))
	for i, w := range s.Workloads {
		p := newPlaces(t, read, w)
		g := Guarantee{Workload: w, Pods: p.pods, Node: &Bounds{}}
		if len(t.zones) > 0 {
			g.Zone = &Bounds{}
		}
		for m := placed; m < moments; m++ {
			each := p.each(m)
			*g.Node.at(m) = p.bound(m, each, t.hosts)
			if g.Zone != nil {
				*g.Zone.at(m) = p.bound(m, each, t.zones)
			}
		}
		all[i] = g
	}
	return all
}

func (b *Bounds) at(m moment) *Bound { return []*Bound{&b.Placed, &b.Rolled, &b.Healed}[m] }
