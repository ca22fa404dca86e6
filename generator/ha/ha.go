// Package ha is the policy: profile x replication model -> everything that decides about availability.
//
// One concept per file, each a function from the question to decisions that carry their rule, their reason and
// the source of the fact behind it. The same sentences appear in `holdfast explain`, in the generated values and in the docs.
package ha

import (
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Decision is one value that follows from a profile.
type Decision struct {
	// Key is the path below the component in the chart's values: "podDisruptionBudget.maxUnavailable".
	Key string `json:"key"`
	// Value is nil where the decision is that there shall be none.
	Value any `json:"value"`
	// Rule is the sentence that was applied, Reason why it is so, Source where the fact behind it comes from.
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// Map is a value with keys; it is written in the order of the keys' names.
type Map = map[string]any

// question is what each decision is made from.
type question struct {
	profile   profile.Profile
	component stack.Component
	replicas  int
}

// concepts are all decisions there are, in the order in which a person reads a chart's values.
var concepts = []func(question) []Decision{
	replicas,
	spread,
	tolerations,
	budget,
	update,
	traffic,
	grace,
	probes,
	election,
	storage,
}

// Decide answers for one component under one profile, always in the same order. Only for pods that another controller puts
// on every node is there nothing to decide.
func Decide(p profile.Profile, c stack.Component) []Decision {
	return DecideFor(p, c, Replicas(p, c.Replication))
}

// DecideFor is Decide for a number of replicas that a person chose.
func DecideFor(p profile.Profile, c stack.Component, replicas int) []Decision {
	q := question{profile: p, component: c, replicas: replicas}
	var all []Decision
	for _, decide := range concepts {
		all = append(all, decide(q)...)
	}
	return all
}

func (q question) model() stack.Replication { return q.component.Replication }

// doubled reports whether the loss of one pod leaves another.
func (q question) doubled() bool { return q.model() != stack.PerNode && q.replicas > 1 }
