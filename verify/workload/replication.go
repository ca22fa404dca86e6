package workload

import (
	"fmt"
	"slices"
	"strings"
)

// Model is the replication model of a workload: how many of its pods must be ready so that it serves.
type Model string

// The replication models.
const (
	// Quorum needs a majority of the pods.
	Quorum Model = "quorum"
	// Standby has one active pod, which holds a lease or a lock outside the workload. It needs one pod.
	Standby Model = "standby"
	// Elected has one active pod, elected by a majority of the pods. After its failure it needs a majority for the next election.
	Elected Model = "elected"
	// Stateless pods are interchangeable. It needs one pod.
	Stateless Model = "stateless"
	// Single has at most one pod, and needs it.
	Single Model = "single"
	// PerNode pods each serve their node. It needs all pods.
	PerNode Model = "per-node"
	// Finite workloads run to completion. They need no pod.
	Finite Model = "finite"
)

// Models lists all models.
var Models = []Model{Quorum, Standby, Elected, Stateless, Single, PerNode, Finite}

// ParseModel parses a model. The error lists the valid ones.
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

// Replication is a workload's replication model and its source.
type Replication struct {
	Model Model
	// Assumed is set if the model is inferred from the kind and images.
	Assumed bool
	// Why is the source of the model, for people.
	Why string
}

// Annotation is the annotation of an object with the model of its workload.
const Annotation = "holdfast-ha.github.io/replication"

// Needs returns how many of n pods must be ready so that the workload serves.
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
