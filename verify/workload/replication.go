package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Model is a replication model: the rule for how many pods of a workload must be ready so that it serves.
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
	// Copies keeps each item on several pods, but not on all: any Count pods may be missing.
	Copies Model = "copies"
	// Shards each have a part of the data or the work that no other pod has. It needs all pods.
	Shards Model = "shards"
	// NeedsN needs Count pods.
	NeedsN Model = "needs-n"
	// Single has at most one pod, and needs it.
	Single Model = "single"
	// PerNode pods each serve their node. It needs all pods.
	PerNode Model = "per-node"
	// Finite workloads run to completion. They need no pod.
	Finite Model = "finite"
)

// plain are the models without a number, counted those with one. A counted model is written with its number: "copies:1".
var (
	plain   = []Model{Quorum, Standby, Elected, Stateless, Shards, Single, PerNode, Finite}
	counted = map[string]Model{"copies": Copies, "needs": NeedsN}
)

// Replication is a workload's replication model and its source.
type Replication struct {
	Model Model
	// Count is the number of Copies and NeedsN: how many pods may be missing, and how many are needed. Quorum and Elected with a
	// count need at least as many pods: not every pod has a copy of each item, or more than a majority must agree.
	Count int
	// Zones is the number of copies that the software keeps in as many different zones, 0 if it does not. If the pods are in as
	// many zones, the loss of pods in one zone counts as the loss of one.
	Zones int
	// Assumed is set if the model is inferred and the manifests do not show all that it depends on.
	Assumed bool
	// Fixed is set for a Single that cannot have a second pod: its operator or the user has decided that.
	Fixed bool
	// Unknown is set if the pods are members of one cluster of unknown software: it is assumed to need all pods.
	Unknown bool
	// Why is the source of the model, for people.
	Why string
}

// Syntax are the texts that ParseReplication accepts, with N for a number.
func Syntax() []string {
	var all []string
	for _, m := range plain {
		all = append(all, string(m))
	}
	return append(all, "copies:N", "needs:N")
}

// ParseReplication parses a replication as users write it: "quorum", "copies:1", "needs:3". The error lists the valid texts.
func ParseReplication(text string) (Replication, error) {
	if model := Model(text); slices.Contains(plain, model) {
		return Replication{Model: model, Fixed: model == Single}, nil
	}
	name, number, ok := strings.Cut(text, ":")
	if model := counted[name]; model != "" {
		if n, err := strconv.Atoi(number); ok && err == nil && n >= 0 && number == strconv.Itoa(n) {
			return Replication{Model: model, Count: n}, nil
		}
		return Replication{}, fmt.Errorf("is %q: want %s:N with a number of pods, like %s:1", text, name, name)
	}
	return Replication{}, fmt.Errorf("is %q: want one of %s", text, strings.Join(Syntax(), ", "))
}

// String returns the replication as ParseReplication reads it, or "unknown".
func (r Replication) String() string {
	switch {
	case r.Unknown:
		return "unknown"
	case r.Model == Copies:
		return fmt.Sprintf("copies:%d", r.Count)
	case r.Model == NeedsN:
		return fmt.Sprintf("needs:%d", r.Count)
	}
	return string(r.Model)
}

// Annotation is the annotation of an object with the replication of its workload.
const Annotation = "holdfast-ha.github.io/replication"

// Needs returns how many of n pods must be ready so that the workload serves. Too few pods for NeedsN are not enough: it then
// returns more than n.
func (r Replication) Needs(n int) int {
	switch r.Model {
	case Quorum, Elected:
		return max(n/2+1, r.Count)
	case PerNode, Shards, Single:
		return n
	case Copies:
		return max(n-r.Count, min(n, 1))
	case NeedsN:
		return r.Count
	case Finite:
		return 0
	default:
		return min(n, 1)
	}
}
