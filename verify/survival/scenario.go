package survival

import (
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Event is what happens to a system.
type Event string

// The events. The target of each is in brackets.
const (
	// Rest: nothing happens [""].
	SteadyState Event = "rest"
	// LoseNode, LoseZone: a node, or all nodes of a zone, lose their power and do not come back [node-1] [zone-1].
	LoseNode Event = "lose node"
	LoseZone Event = "lose zone"
	// DrainNode: a node is cordoned, and its pods are evicted as budgets allow [node-1].
	DrainNode Event = "drain node"
	// Roll: a workload's template changes, and its controller replaces the pods [Deployment events/web].
	Rollout Event = "roll"
	// Grow: its autoscaler asks for the most pods that it may [Deployment events/web].
	ScaleUp Event = "grow"
	// LoseNodeInDrain: a node is drained, and another is lost [node-1, node-2].
	LoseNodeInDrain Event = "lose node in drain"
	// LoseNodeInRoll: a workload rolls, and a node is lost when the fewest pods are there [Deployment events/web, node-1].
	LoseNodeInRollout Event = "lose node in roll"
)

// Scenario is an event, and what it does to a system at rest.
type Scenario struct {
	Event Event
	// Target is what it happens to, as said with each event.
	Target string
	// Like are targets to which the same happens, for they are equal to this one in all that counts. Where two nodes are
	// the target, the drained one stands for those that its own drain is like, too.
	Equivalent []string
	// Nodes are taken away.
	Nodes []string
	// Stuck says why a drain or a roll does not end, "" if it does.
	Blocked string
	// Outcomes has one for each workload of the system, in its order.
	Outcomes []Outcome
	// Changes are the pods that went, came or moved, in the order in which it happened.
	Changes []Change
}

// Outcome is what an event does to a workload.
type Outcome struct {
	Workload *workload.Workload
	// Pods is how many there should be, Least the fewest that are ready at any moment, After how many are when controllers
	// and scheduler have done what they can.
	Pods, Least, After int
	// Needs is how many it takes to serve.
	Needs int
	// Waits says why pods find no node, or wait on one for a disk, once for those that have the same reasons.
	Pending []string
	// Recovery is how long it takes until the workload serves again, at worst: 0 if it never stopped, less than 0 if it does
	// not before what was lost is back or somebody helps. Of pods that serve their own node it is the longest that a node
	// was without; where one pod works for all, an election is in it, for the pod that went may have been that one.
	Recovery time.Duration
}

// Serves tells whether the workload goes on all the while.
func (o Outcome) Serves() bool { return o.Least >= o.Needs }

// Recovers tells whether it serves at the end, what was lost still being away.
func (o Outcome) Recovers() bool { return o.After >= o.Needs }

// Change is a pod that goes, or one that comes: a pod that moves is two of them.
type Change struct {
	Pod      string
	Workload *workload.Workload
	// From is the node that it goes from, To the one that it comes to. One that comes and finds no node has neither. Why says
	// why it goes, finds none, or does not start where it comes.
	From, To string
	Reason   string
}

// Placement is where a pod is at rest: on a node, or on none (""). Why says why it is on none, or does not start.
type Placement struct {
	Pod      string
	Workload *workload.Workload
	Node     string
	Reason   string
	// Runs tells that it is there already, and was not placed.
	Running bool
}

// Result is all that was played.
type Result struct {
	// Rest are the pods as they are placed at first, in the order of the workloads.
	SteadyState []Placement
	// Scenarios begin with Rest; then come the events in the order of their constants, nodes and zones in that of their
	// names, workloads in that of the system.
	Scenarios []Scenario
}
