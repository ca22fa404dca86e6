package workload

import (
	"fmt"
	"slices"
	"strings"
)

// Model is how the pods of a workload stand to each other: what of them must be there for the workload to serve.
type Model string

// The models, in the words of the field.
const (
	// Quorum: pods vote, and more than half of all must be there.
	Quorum Model = "quorum"
	// Standby: one works, which holds a lease or lock that others keep, and the rest wait. One must be there.
	Standby Model = "standby"
	// Elected: one works, for whom more than half of all have voted, and the rest wait. When it goes, more than half must be
	// there to vote again.
	Elected Model = "elected"
	// Stateless: any pod serves. One must be there.
	Stateless Model = "stateless"
	// Single: there can be only one, and it must be there.
	Single Model = "single"
	// PerNode: each pod serves its node.
	PerNode Model = "per-node"
	// Finite: it runs to its end.
	Finite Model = "finite"
)

// Models are all models, as they are written.
var Models = []Model{Quorum, Standby, Elected, Stateless, Single, PerNode, Finite}

// ParseModel reads a model as it is written. The error says what may be.
func ParseModel(text string) (Model, error) {
	if model := Model(text); slices.Contains(Models, model) {
		return model, nil
	}
	all := make([]string, len(Models))
	for i, m := range Models {
		all[i] = string(m)
	}
	return "", fmt.Errorf("is %q: want one of %s", text, strings.Join(all, ", "))
}

// Replication is a workload's model, and how that is known.
type Replication struct {
	Model Model
	// Assumed: nobody said so.
	Assumed bool
	// Why says what the model was taken from.
	Why string
}

// Annotation says a workload's model where it is known best.
const Annotation = "holdfast-ha.github.io/replication"

// Needs is how many of n pods must serve for the workload to serve.
func (m Model) Needs(n int) int {
	switch m {
	case Quorum, Elected:
		return n/2 + 1
	case PerNode:
		return n
	case Finite:
		return 0
	default:
		return min(n, 1)
	}
}
