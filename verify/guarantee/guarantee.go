// Package guarantee computes the guarantees of required placement constraints: the most pods of a workload that one node, one
// zone or any other failure domain can hold. Its failure takes no more pods than that, wherever the scheduler places them.
//
// Constraints that limit the number are required anti-affinity between the pods, topology spread with DoNotSchedule, host ports
// and the capacity of nodes. Node selectors, node affinity and taints limit which nodes accept the pods. Preferences and other
// pods on a node are ignored. Volumes only restrict placement further, so the guarantee holds with them as well.
//
// From the same constraints it proves whether every pod finds a node, and whether drains and rollouts leave the workload serving and
// complete. A proof that fails is no evidence of an outage: package survival simulates one placement of many.
package guarantee

import (
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Guarantee is the guarantee of one workload on a cluster. The bounds of a member of a group are those of the group.
type Guarantee struct {
	Workload *workload.Workload
	// Pods is the desired number of pods; for a DaemonSet the number of nodes that accept its pod.
	Pods int
	// Bounds has one element for each kind of failure domain that the cluster has, in the order of cluster.FailureDomains.
	Bounds []Bounds
	// SteadyState, Drain and Rollout are the proofs for these events; Failures has one for each element of Bounds.
	SteadyState, Drain, Rollout Proof
	Failures                    []Proof
}

// For returns the bounds of a kind of failure domain, nil if no node is in a domain of this kind.
func (g Guarantee) For(d cluster.Domain) *Bounds {
	for i := range g.Bounds {
		if g.Bounds[i].Domain == d {
			return &g.Bounds[i]
		}
	}
	return nil
}

// Bounds are the most pods that the failure of one domain can take, by the history of the cluster.
type Bounds struct {
	Domain cluster.Domain
	// Placed is for pods that were placed once, while all nodes were available.
	Placed Bound
	// AfterRollouts is for any number of rollouts, evictions and scalings up to the maximum of an autoscaler, with one node
	// drained at a time.
	AfterRollouts Bound
	// AfterFailures is AfterRollouts with earlier failures of one failure domain at a time: its nodes were unreachable or deleted,
	// and have come back. Pods that were replaced meanwhile stay on their new nodes.
	AfterFailures Bound
}

// Bound is the most pods that one failure domain can hold.
type Bound struct {
	Pods int
	// On is the first failure domain by name that can hold that many; "" if none accepts a pod.
	On string
	// Why is the constraint that proves the bound, for people.
	Why string
	// Serves reports whether the workload serves without these pods. If the constraints allow fewer pods than desired, only the
	// allowed ones count as present.
	Serves bool
}

// history is the earlier events that a bound allows, see Bounds.
type history int

const (
	placed history = iota
	afterRollouts
	afterFailures
	histories
)

// Of returns the guarantee of each workload of a system, in order.
func Of(c cluster.Cluster, s *workload.System) []Guarantee {
	t, pods := newTopology(c), newPods(s, c)
	all, proofs := make([]Guarantee, len(s.Workloads)), make([]prover, len(s.Workloads))
	places := make([]*places, len(s.Workloads))
	for i := range s.Workloads {
		r := newReader(pods, i)
		p := newPlaces(t, r)
		all[i], places[i] = p.guarantee(), p
		proofs[i] = prover{replacement: newReplacement(p, r, i), guarantee: &all[i], onNode: all[i].For(cluster.Node).AfterFailures.Pods}
	}
	for i, p := range places {
		if p.workload.Group != nil {
			all[i].Bounds = groupOf(p.workload, places).bounds(p)
		}
	}
	prove(pods, proofs)
	return all
}

func (b *Bounds) at(h history) *Bound {
	return []*Bound{&b.Placed, &b.AfterRollouts, &b.AfterFailures}[h]
}
