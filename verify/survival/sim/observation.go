package sim

import (
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Observation is what a scenario did to a workload.
type Observation struct {
	// Least is the fewest Ready pods, LeastAt the first time at which that was so.
	Least   int
	LeastAt time.Duration
	// Outage is the longest outage that ended. For pods that serve their own node it is that of a node.
	Outage time.Duration
	// LostReady: a Ready pod is not Ready any more.
	LostReady bool

	// since is when the outage began that has not ended, Never without one.
	since time.Duration
	// nodesSince is when the outages of nodes began that have not ended.
	nodesSince map[*Node]time.Duration
}

func newObservation(c *Controller) *Observation { return &Observation{Least: c.ready, since: Never} }

// Change is a pod that goes, or one that comes. A pod that moves is two changes.
type Change struct {
	Pod      string
	Workload *workload.Workload
	// From is the node that the pod leaves, To the one that it comes to. A new pod that fits on no node has neither.
	From, To string
	// Reason is why the pod leaves, fits on no node, or does not start on its node.
	Reason string
}

// observer records what a scenario does.
type observer struct {
	// active are the controllers that may have something to do, in the order in which they had.
	active  []*Controller
	changes []Change
}

// activate adds a controller that may have something to do.
func (o *observer) activate(c *Controller) {
	if c.observation == nil {
		c.observation = newObservation(c)
		o.active = append(o.active, c)
	}
}

func (o *observer) record(c Change) { o.changes = append(o.changes, c) }

// reset forgets what was observed.
func (o *observer) reset() {
	for _, c := range o.active {
		c.observation = nil
	}
	o.active, o.changes = nil, nil
}

// observe records the Ready pods of each active controller, when nothing is left to do at this time.
func (o *observer) observe(now time.Duration) {
	for _, c := range o.active {
		s := c.observation
		if c.ready < s.Least {
			s.Least, s.LeastAt = c.ready, now
		}
		serves := c.ready >= c.Needs()
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
	s, n := p.controller.observation, p.target
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
