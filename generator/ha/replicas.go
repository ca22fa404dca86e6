package ha

import (
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Replicas returns the number of pods for a replication model under a profile; 0 for per-node, which has one on each node, and finite, whose pods end.
func Replicas(p profile.Profile, model stack.Replication) int {
	switch model {
	case stack.Quorum:
		return p.Replicas.Quorum
	case stack.Standby:
		return p.Replicas.Standby
	case stack.Stateless:
		return p.Replicas.Stateless
	case stack.Single:
		return 1
	default:
		return 0
	}
}

// replicas sets the number of pods.
func replicas(in input) []Decision {
	if !in.counted() {
		return nil
	}
	d := Decision{Key: "replicas", Value: in.replicas}
	switch {
	case in.model() == stack.Single:
		d.Rule = "One pod under every profile."
		d.Reason = "A second pod would do the same work again."
		d.Source = "the stack's replication model: single"
	case in.replicas == 1:
		d.Rule = "One pod."
		d.Reason = "The profile promises nothing that needs a second pod."
		d.Source = "profile " + in.profile.Name
	case in.model() == stack.Quorum:
		d.Rule = "An odd number of quorum members: 3 or 5."
		d.Reason = "A quorum of n members needs a majority of n/2+1: 3 survive one failure, 5 survive two. A 2nd or 4th member adds a point of failure and survives no further one."
		d.Source = "raft; nats-server raft.go recalcQuorum"
	case in.model() == stack.Standby:
		d.Rule = "A leader and a standby with Kubernetes Leases; 3 pods if they elect the leader by votes."
		d.Reason = "One remaining pod can take a Lease; an election by votes among two pods needs both."
		d.Source = "argo-events pkg/shared/leaderelection; nats-io/graft node.go (quorum = size/2+1)"
	default:
		d.Rule = "More pods than one failure takes down."
		d.Reason = "Interchangeable pods serve as long as one of them is ready."
		d.Source = "profile " + in.profile.Name
	}
	return []Decision{d}
}
