package ha

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Replicas returns the number of pods of a component under a profile; 0 for per-node, which has one on each node, and finite, whose pods end.
func Replicas(p profile.Profile, c stack.Component) int {
	switch c.Replication {
	case stack.Quorum:
		return p.Replicas.Quorum
	case stack.Standby:
		return p.Replicas.Standby
	case stack.Stateless:
		return p.Replicas.Stateless
	case stack.Single:
		return 1
	case stack.Shards:
		return c.Replicas
	case stack.Needs:
		if !p.Survivor() {
			return c.Needs
		}
		return c.Replicas
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
	case in.model() == stack.Shards:
		d.Rule = "The number of shards of the stack, under every profile."
		d.Reason = "Each pod does a part of the work that no other pod does. More pods of it survive nothing: they are more parts."
		d.Source = "the stack's replication model: shards"
	case in.model() == stack.Needs && !in.profile.Survivor():
		d.Rule = "As many pods as must run."
		d.Reason = "The profile promises nothing that needs another pod."
		d.Source = "profile " + in.profile.Name
	case in.model() == stack.Needs:
		d.Rule = fmt.Sprintf("The number of the stack, of which %d must run.", in.component.Needs)
		d.Reason = fmt.Sprintf("Any %d of the pods may be missing.", in.spare())
		d.Source = "the stack's replication model: needs"
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
