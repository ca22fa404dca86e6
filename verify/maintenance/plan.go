// Package maintenance finds an order in which the nodes of a cluster can be drained, one round after the other. In a round, one or
// more nodes are drained, are without power for a while, come back, and are uncordoned. Pods stay where a round has moved them.
package maintenance

import (
	"context"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Options are what a maintenance must respect.
type Options struct {
	// Nodes are the names of the nodes to drain; nil for all.
	Nodes []string
	// AtOnce is how many nodes a round has at most; 0 for as many as possible.
	AtOnce int
	// Force evicts pods without a controller, which are not created again, as "kubectl drain --force" does.
	Force bool
	// Uninterrupted requires that no round interrupts a workload for longer than Within. Domains are failure domains: while the
	// nodes of a round are away, no failure of one of these may do so either.
	Uninterrupted bool
	Within        time.Duration
	Domains       []cluster.Domain
	// Unread is what was not read, as a sentence: "Pods of other namespaces were not read.". "" if everything was.
	Unread string
	// Progress is called before each simulated round. nil is allowed.
	Progress func(step string)

	// limits replaces the default ones.
	limits *limits
}

// limits bound the search. They count, and do not measure, so that the same input has the same result on every machine.
type limits struct {
	// exhaustive is up to how many nodes every order is tried if no other way finds one. rounds is how many rounds this may take.
	exhaustive, rounds int
	// attempts is how often the scheduler may try to place a pod.
	attempts int
}

var defaultLimits = limits{exhaustive: 8, rounds: 2000, attempts: 2_000_000}

// Version is the version of the JSON of a Plan. It grows when a key is renamed or removed.
const Version = 1

// The outcomes of a Plan.
const (
	// Proven: each drain ends wherever the scheduler places the pods.
	Proven = "proven"
	// AsPlaced: the rounds are valid where the simulated scheduler places the pods that they move. A real one may choose other nodes.
	AsPlaced = "as placed"
	// Blocked: some node cannot be drained.
	Blocked = "blocked"
	// NotJudged: pods that are not in the input may block a drain.
	NotJudged = "not judged"
)

// Plan is an order of drains. The JSON keys are an interface.
type Plan struct {
	Version     int    `json:"version"`
	KubeVersion string `json:"kubeVersion"`
	Outcome     string `json:"outcome"`
	// Why is the reason why the outcome is not proven; "" if it is, or if nodes are blocked.
	Why string `json:"why,omitempty"`
	// AtOnce is how many nodes a round has at most, 0 for any number.
	AtOnce int `json:"atOnce"`
	// Rounds are the rounds in their order.
	Rounds []Round `json:"rounds"`
	// Nodes are all nodes to drain, sorted by zone and name.
	Nodes []Node `json:"nodes"`
	// Simulated is the number of simulated rounds. EveryOrder reports whether they were every order of one node after the other, so
	// that no other order drains more nodes.
	Simulated  int  `json:"simulated"`
	EveryOrder bool `json:"everyOrder,omitempty"`
	// Assumptions are what the simulation assumes, in sentences.
	Assumptions []string `json:"assumptions"`
}

// Fine reports whether every node can be drained, and nothing unknown can prevent it.
func (p Plan) Fine() bool { return p.Outcome == Proven || p.Outcome == AsPlaced }

// Round is one or more nodes that are drained at the same time.
type Round struct {
	Nodes []string `json:"nodes"`
	// Drain and Uncordon are the commands for each of the nodes.
	Drain    []string `json:"drain"`
	Uncordon []string `json:"uncordon"`
	// Evicted is the number of pods that are evicted.
	Evicted int `json:"evicted"`
	// Interrupted are the workloads that do not serve all the time.
	Interrupted []Interruption `json:"interrupted"`
	// Lost are pods and data that do not come back.
	Lost []Loss `json:"lost"`
}

// Interruption is an outage of a workload.
type Interruption struct {
	Workload string `json:"workload"`
	// Seconds is the length of the outage; negative if it lasts until the nodes are back, or longer.
	Seconds float64 `json:"seconds"`
}

// Loss is a pod that loses something in a drain.
type Loss struct {
	Workload string `json:"workload"`
	// Pod is "" for a pod that does not exist yet: one that an earlier round creates, or that is not in the input.
	Pod  string `json:"pod,omitempty"`
	Node string `json:"node"`
	// Deleted: the pod has no controller that creates it again.
	Deleted bool `json:"deleted,omitempty"`
	// EmptyDirs are the names of its emptyDir volumes, whose data is lost.
	EmptyDirs []string `json:"emptyDirs,omitempty"`
}

// Node is a node to drain.
type Node struct {
	Name string `json:"name"`
	Zone string `json:"zone,omitempty"`
	// State is Ready, NotReady or Cordoned, before the maintenance.
	State string `json:"state"`
	// Now reports whether the node can be drained now, as the first one. BlockedNow is why not.
	Now        bool   `json:"now"`
	BlockedNow string `json:"blockedNow,omitempty"`
	// Round is the number of its round, from 1; 0 if it has none. Blocked is why it has none.
	Round   int    `json:"round"`
	Blocked string `json:"blocked,omitempty"`
	// InAnyOrder reports whether the node is blocked in every order of drains.
	InAnyOrder bool `json:"inAnyOrder,omitempty"`
}

// InputError is an error of the options.
type InputError struct{ text string }

func (e InputError) Error() string { return e.text }

// Find returns the order in which the nodes of a cluster can be drained. The replication models of the system must be set. Errors are
// an InputError for unknown nodes, those of sim.New, and sim.ErrTooLong.
func Find(ctx context.Context, c cluster.Cluster, s *workload.System, o Options) (Plan, error) {
	if o.limits == nil {
		o.limits = &defaultLimits
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	p, err := newPlanner(ctx, c, s, o)
	if err != nil {
		return Plan{}, err
	}
	if err := p.search(); err != nil {
		return Plan{}, err
	}
	return p.plan(), nil
}
