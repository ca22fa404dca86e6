// Package survival simulates failures and planned work on a system. It places the workloads with kube-scheduler's own
// plugins. Then nodes and failure domains fail, nodes are drained, and workloads roll out and scale up. The result has
// the outcome of each event for each workload.
//
// Package sim is the simulated cluster. This package chooses the events and their targets, and reports the outcomes.
package survival

import (
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Event is a simulated event.
type Event string

// The events, each with its target in brackets. The failure of other domains than nodes and zones is LoseDomain.
const (
	// SteadyState: nothing happens [""].
	SteadyState Event = "rest"
	// LoseNode, LoseZone: a node, or all nodes of a zone, fail and do not come back [node-1] [zone-1].
	LoseNode Event = "lose node"
	LoseZone Event = "lose zone"
	// DrainNode: a node is cordoned, and its pods are evicted as budgets allow [node-1].
	DrainNode Event = "drain node"
	// Rollout: the pod template of a workload changes, and its controller replaces the pods [Deployment events/web].
	Rollout Event = "roll"
	// ScaleUp: the autoscaler of a workload sets its maximum number of pods [Deployment events/web].
	ScaleUp Event = "grow"
	// LoseNodeInDrain: a node is drained, and another fails [node-1, node-2].
	LoseNodeInDrain Event = "lose node in drain"
	// LoseNodeInRollout: a node fails when a rollout has the fewest Ready pods [Deployment events/web, node-1].
	LoseNodeInRollout Event = "lose node in roll"
)

// LoseDomain returns the event in which all nodes of a failure domain fail, "lose rack". Its target is the domain's
// label value, or the name of the node for cluster.Node.
func LoseDomain(d cluster.Domain) Event { return Event("lose " + d.Name) }

// Result is the result of all scenarios.
type Result struct {
	// SteadyState are the pods before any event, in the order of the workloads.
	SteadyState []Placement
	// Scenarios are the steady state and then the events: failures in the order of cluster.FailureDomains, the others
	// in the order of their constants. Nodes and domains are sorted by name, workloads are in the order of the system.
	Scenarios []Scenario
	// Omitted are the events that were not simulated, because the system is too large.
	Omitted []Event
}

// Outcome returns the outcome of a scenario for the i-th workload of the system.
func (r Result) Outcome(s Scenario, i int) Outcome {
	steady := r.Scenarios[0].Outcomes[i]
	for _, o := range s.Outcomes {
		if o.Workload == steady.Workload {
			return o
		}
	}
	return steady
}

// Placement is the node of a pod in the steady state.
type Placement struct {
	Pod      string
	Workload *workload.Workload
	// Node is "" for a pod that fits on no node.
	Node string
	// Reason is why the pod fits on no node, or does not start.
	Reason string
	// Running: the pod was running already, and was not placed.
	Running bool
}

// Scenario is an event in the steady state, and its outcomes.
type Scenario struct {
	Event Event
	// Target is the target of the event, in the form given with each event.
	Target string
	// Equivalent are other targets with the same outcomes. With two nodes as the target, the drained node also represents
	// those that are equivalent for its own drain.
	Equivalent []string
	// Nodes are the nodes that fail or are drained.
	Nodes []string
	// Blocked is why a drain or a rollout does not end, "" if it does.
	Blocked string
	// Blockers are the workloads because of which a drain does not end.
	Blockers []*workload.Workload
	// Outcomes are those of the workloads that the event may have affected, in the order of the system. The others are as in
	// the steady state, which has the outcomes of all. See Result.Outcome.
	Outcomes []Outcome
	// Changes are the pods that leave, come or move, in the order of time.
	Changes []Change
	// Orders are the orders of events in which the scenario may end differently, with what happens in each; none if it cannot. The
	// outcomes above are then the worst of each workload, the changes those of the first order.
	Orders []Ordered
}

// Change is a pod that leaves or comes.
type Change = sim.Change

// Outcome is the effect of an event on a workload.
type Outcome struct {
	Workload *workload.Workload
	// Pods is the desired number of pods, Least the fewest that are Ready at any time, After the number that are Ready when
	// controllers and scheduler have nothing left to do.
	Pods, Least, After int
	// Needs is how many Ready pods the workload needs to serve.
	Needs int
	// Pending are the reasons why pods fit on no node, or wait for a volume on their node; one sentence for all with the
	// same reason.
	Pending []string
	// Recovery is the longest time until the workload serves again, leader election included: 0 without an outage,
	// negative if it does not recover before the nodes are back or a person intervenes. For a per-node workload it is that
	// of the node with the longest outage.
	Recovery time.Duration
}

// Serves reports whether the workload serves all the time.
func (o Outcome) Serves() bool { return o.Least >= o.Needs }

// Recovers reports whether the workload serves at the end, while failed nodes are still down.
func (o Outcome) Recovers() bool { return o.After >= o.Needs }
