// Package ha is the availability policy: it decides the values of a component from its replication model and a profile.
//
// Each file has one concept: a function that returns decisions with their rule, their reason and the source of the fact
// behind them. The same sentences appear in `holdfast explain`, in the generated values and in the docs.
package ha

import (
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Decision is one value that follows from a profile.
type Decision struct {
	// Key is the path below the component in the chart's values: "podDisruptionBudget.maxUnavailable".
	Key string `json:"key"`
	// Value is nil if the decision is to have no such value.
	Value any `json:"value"`
	// Rule is the policy in a sentence, Reason its justification, Source the origin of the fact behind it.
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Map is a value with keys; it is written in alphabetical order.
type Map = map[string]any

type input struct {
	profile   profile.Profile
	component stack.Component
	replicas  int
}

// concepts lists all concepts, in the order of a chart's values.
var concepts = []func(input) []Decision{
	replicas,
	spread,
	tolerations,
	priority,
	budget,
	update,
	finite,
	schedule,
	traffic,
	grace,
	probes,
	election,
	storage,
	store,
	resources,
}

// Decide returns the decisions for a component under a profile, always in the same order.
func Decide(p profile.Profile, c stack.Component) []Decision {
	return DecideFor(p, c, Replicas(p, c))
}

// DecideFor is Decide for a number of replicas other than that of the profile.
func DecideFor(p profile.Profile, c stack.Component, replicas int) []Decision {
	in := input{profile: p, component: c, replicas: replicas}
	var all []Decision
	for _, decide := range concepts {
		all = append(all, decide(in)...)
	}
	return all
}

func (in input) model() stack.Replication { return in.component.Replication }

// replicated reports whether another pod serves when one fails.
func (in input) replicated() bool { return in.counted() && in.replicas > 1 }

// spare is how many pods of a needs component may be missing.
func (in input) spare() int { return max(0, in.replicas-in.component.Needs) }

// named reports whether the pods have stable names, and each is needed or some number of them is. A StatefulSet replaces such a pod
// only when its node is back, deleted or marked as shut down.
func (in input) named() bool { return in.model() == stack.Shards || in.model() == stack.Needs }

// counted reports whether the number of pods is a decision: not that of a DaemonSet, nor that of a Job.
func (in input) counted() bool { return in.model() != stack.PerNode && in.model() != stack.Finite }
