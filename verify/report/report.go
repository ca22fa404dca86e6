// Package report says what was found, to people and to programs.
package report

// Version is that of the JSON.
const Version = 1

// Report is all that is said of manifests on a cluster.
type Report struct {
	// Version is 1. It changes when a key is taken away or means something else.
	Version int `json:"version"`
	// Cluster is where the pods were placed.
	Cluster Cluster `json:"cluster"`
	// Claim is what should survive, "node" or "zone"; left out if nothing is claimed.
	Claim string `json:"claim,omitempty"`
	// WithinSeconds is how long a workload may be away for it; left out if none may stop.
	WithinSeconds float64 `json:"withinSeconds,omitempty"`
	// Kept tells that no scenario breaks the claim; true if nothing is claimed.
	Kept bool `json:"kept"`
	// Workloads are all workloads, ordered by namespace and name.
	Workloads []Workload `json:"workloads"`
	// Pods are the pods at rest, before anything happens, and where each is.
	Pods []Pod `json:"pods"`
	// Scenarios are what was played, each apart from the others and from rest.
	Scenarios []Scenario `json:"scenarios"`
	// Findings are the faults that rules found, in the order of file and line.
	Findings []Finding `json:"findings"`
	// Assumed is what was taken for granted because nobody said it: models first, then what the manifests refer to and do not have, then what holds of every cluster.
	Assumed []string `json:"assumed"`
	// NotJudged are objects of kinds that nothing is known of: what they make is in none of this.
	NotJudged []string `json:"notJudged"`
	// Baseline is how this differs from an earlier report; left out if there is none.
	Baseline *Baseline `json:"baseline,omitempty"`
}

// Cluster is the nodes and the zones that they are in.
type Cluster struct {
	// Nodes are all nodes, ordered by name.
	Nodes []Node `json:"nodes"`
	// Zones are the names of the zones, in order.
	Zones []string `json:"zones"`
}

// Node is one node.
type Node struct {
	// Name is the node's.
	Name string `json:"name"`
	// Zone is the one that its label names; left out if it has none.
	Zone string `json:"zone,omitempty"`
}

// Workload is what becomes of a workload.
type Workload struct {
	// Name is kind, namespace and name of the object that stands in the manifests.
	Name string `json:"name"`
	// At is where it stands, "file:line".
	At string `json:"at"`
	// Replication is how its pods stand to each other: "quorum", "standby", "elected", "stateless", "single", "per-node" or "finite".
	Replication string `json:"replication"`
	// Assumed tells that nobody said how it replicates.
	Assumed bool `json:"assumed"`
	// Why says what the replication was taken from.
	Why string `json:"why"`
	// Pods is how many it should have at rest.
	Pods int `json:"pods"`
	// Needs is how many of them must run for it to serve.
	Needs int `json:"needs"`
	// Waiting is why some of them find no node at rest.
	Waiting []string `json:"waiting"`
	// Worst is the worst that each event does to it, in the order of the scenarios.
	Worst []Worst `json:"worst"`
	// Guarantee is what its hard constraints promise, wherever the scheduler puts its pods.
	Guarantee Guarantee `json:"guarantee"`
}

// Guarantee is the most pods of a workload that the loss of one node or zone can take, with all nodes there before.
type Guarantee struct {
	// Node is for the loss of a node.
	Node Bounds `json:"node"`
	// Zone is for the loss of a zone; left out if the nodes are in none.
	Zone *Bounds `json:"zone,omitempty"`
}

// Bounds are the most pods that one node or zone can hold, by what has happened before.
type Bounds struct {
	// Placed is for pods that were placed once.
	Placed Bound `json:"placed"`
	// Rolled is after any rollouts, evictions and changes of scale, one node drained at a time.
	Rolled Bound `json:"rolled"`
	// Healed is the same after a node or a zone was away and is back.
	Healed Bound `json:"healed"`
}

// Bound is the most pods that one node or zone can hold.
type Bound struct {
	// Pods is how many.
	Pods int `json:"pods"`
	// On is the first node or zone that can hold as many; left out if none takes a pod.
	On string `json:"on,omitempty"`
	// Why is the constraint that proves it.
	Why string `json:"why"`
	// Serves tells whether the workload goes on without them.
	Serves bool `json:"serves"`
}

// Worst is the worst that scenarios of one event do to a workload, and the scenario that shows it.
type Worst struct {
	// Event is what happens.
	Event string `json:"event"`
	// Target is to what it happens in the scenario that shows it; left out at rest.
	Target string `json:"target,omitempty"`
	// Ignored is the reason that somebody gives for why the claim need not hold for the workload in this event.
	Ignored string `json:"ignored,omitempty"`
	// IgnoredAt is where the reason stands, "file:line"; left out if the object gives it.
	IgnoredAt string `json:"ignoredAt,omitempty"`
	Effect
}

// Pod is a pod at rest.
type Pod struct {
	// Name is the pod's.
	Name string `json:"name"`
	// Workload is the name of its workload.
	Workload string `json:"workload"`
	// Node is the one it is on; left out if it waits.
	Node string `json:"node,omitempty"`
	// Runs tells that it runs there already; left out if it was placed.
	Runs bool `json:"runs,omitempty"`
	// Why is why it waits.
	Why string `json:"why,omitempty"`
}

// Scenario is something that happens to the cluster, and what comes of it.
type Scenario struct {
	// Event is "rest", "lose node", "lose zone", "drain node", "roll", "grow", "lose node in drain" or "lose node in roll".
	Event string `json:"event"`
	// Target is to what: a node, a zone, a workload, two nodes; left out at rest.
	Target string `json:"target,omitempty"`
	// Like are other targets for which it comes out the same, so that it was played once.
	Like []string `json:"like,omitempty"`
	// Nodes are those that are taken away.
	Nodes []string `json:"nodes,omitempty"`
	// Claimed tells that the claim is about this scenario.
	Claimed bool `json:"claimed"`
	// Verdict is the worst of the workloads' verdicts; stuck if it does not end.
	Verdict string `json:"verdict"`
	// Stuck is why it does not end; left out if it does.
	Stuck string `json:"stuck,omitempty"`
	// Outcomes are the workloads that it touches.
	Outcomes []Outcome `json:"outcomes"`
	// Changes are the pods that it takes away, moves or makes.
	Changes []Change `json:"changes"`
}

// Outcome is what a scenario does to a workload.
type Outcome struct {
	// Workload is the name of the workload.
	Workload string `json:"workload"`
	Effect
}

// Effect is what becomes of a workload.
type Effect struct {
	// Verdict is "serves", "stops, returns", "stuck" or "stops".
	Verdict string `json:"verdict"`
	// Pods is how many there should be meanwhile.
	Pods int `json:"pods"`
	// Least is the fewest that run at any moment.
	Least int `json:"least"`
	// After is how many run when controllers and scheduler have done what they can while it lasts.
	After int `json:"after"`
	// Needs is how many must run for the workload to serve.
	Needs int `json:"needs"`
	// RecoverySeconds is how long it takes until the workload serves again; left out if it never stopped, or never will.
	RecoverySeconds float64 `json:"recoverySeconds,omitempty"`
	// Waiting is why pods find no node.
	Waiting []string `json:"waiting,omitempty"`
}

// Change is what a scenario does to one pod.
type Change struct {
	// Pod is the pod's name.
	Pod string `json:"pod"`
	// Workload is the name of its workload.
	Workload string `json:"workload"`
	// From is the node that it was on; left out for a pod that is new.
	From string `json:"from,omitempty"`
	// To is the node that it comes to; left out for one that is gone, or waits.
	To string `json:"to,omitempty"`
	// Why is why.
	Why string `json:"why,omitempty"`
}

// Finding is a fault that a rule found.
type Finding struct {
	// Rule is the ID of the rule.
	Rule string `json:"rule"`
	// File is where the object stands, "-" for standard input.
	File string `json:"file"`
	// Line is that of the field.
	Line int `json:"line"`
	// Object is kind, namespace and name.
	Object string `json:"object"`
	// Message is what is wrong.
	Message string `json:"message"`
	// Protects is what is at stake.
	Protects string `json:"protects"`
	// Fix is what to do.
	Fix string `json:"fix"`
	// Ignored is the reason that somebody gives; the finding does not count then.
	Ignored string `json:"ignored,omitempty"`
	// IgnoredAt is where the reason stands, "file:line"; left out if the object gives it.
	IgnoredAt string `json:"ignoredAt,omitempty"`
}

// Baseline is how a report differs from an earlier one, whose findings are left out of it.
type Baseline struct {
	// Known are the findings, and the workloads that break the claim, that were there before, each in a line.
	Known []string `json:"known"`
	// Fixed are those that are there no longer.
	Fixed []string `json:"fixed"`
}

// Fine tells whether nothing is to be mended: the claim is kept, and no finding counts. With a baseline, only what is new does.
func (r Report) Fine() bool {
	for _, f := range r.Findings {
		if f.Ignored == "" {
			return false
		}
	}
	return r.Kept || r.Baseline != nil && len(r.breaches()) == 0
}

// worst is the worst that an event does to the workload; nil if none of its kind was played, or none touches it.
func (w Workload) worst(event string) *Worst {
	for i := range w.Worst {
		if w.Worst[i].Event == event {
			return &w.Worst[i]
		}
	}
	return nil
}
