package sim

import (
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Observation is the effect of a scenario on a workload.
type Observation struct {
	// Least is the fewest members that served, see Controller.Serving, LeastAt the first time at which that was so.
	Least   int
	LeastAt time.Duration
	// Outage is the longest outage that has ended. For a per-node workload it is that of one node.
	Outage time.Duration
	// LostReady is set once a Ready pod is no longer Ready.
	LostReady bool

	// since is the beginning of the current outage, Never without one.
	since time.Duration
	// nodesSince is the beginning of the current outage of each node.
	nodesSince map[*Node]time.Duration
}

func newObservation(c *Controller) *Observation {
	return &Observation{Least: c.Serving(), since: Never}
}

// Change is a pod that leaves a node, or one that comes to a node. A pod that moves is two changes.
type Change struct {
	Pod      string
	Workload *workload.Workload
	// From is the node that the pod leaves, To the one that it comes to. A new pod that fits on no node has neither.
	From, To string
	// Reason is why the pod leaves, fits on no node, or does not start on its node.
	Reason string
}

// observer records the effects of a scenario.
type observer struct {
	// active are the controllers that may have work, in the order of activation.
	active       []*Controller
	observations map[*Controller]*Observation
	changes      []Change
}

func newObserver() *observer { return &observer{observations: map[*Controller]*Observation{}} }

// of returns the observation of a controller, that of an unaffected workload if it is not active.
func (o *observer) of(c *Controller) *Observation {
	if seen := o.observations[c]; seen != nil {
		return seen
	}
	return newObservation(c)
}

// activate adds a controller that may have work.
func (o *observer) activate(c *Controller) {
	if o.observations[c] == nil {
		o.observations[c] = newObservation(c)
		o.active = append(o.active, c)
	}
}

func (o *observer) record(c Change) { o.changes = append(o.changes, c) }

// reset forgets what was observed.
func (o *observer) reset() {
	clear(o.observations)
	o.active, o.changes = nil, nil
}

// observe records the Ready pods of each active controller, after all actions at this time.
func (o *observer) observe(now time.Duration) {
	for _, c := range o.active {
		s := o.observations[c]
		serving := c.Serving()
		if serving < s.Least {
			s.Least, s.LeastAt = serving, now
		}
		serves := serving >= c.Needs()
		switch {
		case c.Workload.Replication.Model == workload.PerNode:
			// Each node has an outage of its own, see observeNode.
		case !serves && s.since == Never:
			s.since = now
		case serves && s.since != Never:
			s.Outage = max(s.Outage, now-s.since)
			s.since = Never
		}
	}
}

// observeNode records that a node has a Ready pod of its DaemonSet, or none any more.
func (o *observer) observeNode(p *Pod, now time.Duration) {
	s, n := o.observations[p.controller], p.target
	since, ok := s.nodesSince[n]
	has := p.state == ready
	switch {
	case n == nil || n.failed:
	case has && ok:
		s.Outage = max(s.Outage, now-since)
		delete(s.nodesSince, n)
	case !has && !slices.ContainsFunc(n.pods, func(other *Pod) bool { return other.controller == p.controller && other != p && other.state == ready }):
		if s.nodesSince == nil {
			s.nodesSince = map[*Node]time.Duration{}
		}
		s.nodesSince[n] = now
	}
}
