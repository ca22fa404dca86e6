package ha

import (
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Replicas is the number of pods that a profile gives a replication model; 0 for per-node, where the nodes decide.
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

func replicas(q question) []Decision {
	if q.model() == stack.PerNode {
		return nil
	}
	d := Decision{Key: "replicas", Value: q.replicas}
	switch {
	case q.model() == stack.Single:
		d.Rule = "One, whatever the profile."
		d.Reason = "It cannot be doubled: a second one would do the work twice."
		d.Source = "the stack's replication model: single"
	case q.replicas == 1:
		d.Rule = "One of everything."
		d.Reason = "The profile promises nothing that a second pod would be needed for."
		d.Source = "profile " + q.profile.Name
	case q.model() == stack.Quorum:
		d.Rule = "An odd number of voters, three or five."
		d.Reason = "A quorum of n voters needs n/2+1 of them: 3 survive one loss, 5 survive two, and a 4th or 2nd voter adds a way to fail and no failure to survive."
		d.Source = "raft; nats-server raft.go recalcQuorum"
	case q.model() == stack.Standby:
		d.Rule = "A leader and a standby on Kubernetes leases; three where the standbys vote among themselves."
		d.Reason = "A lease needs one survivor to take it; an election by votes among two needs both."
		d.Source = "argo-events pkg/shared/leaderelection; nats-io/graft node.go (quorum = size/2+1)"
	default:
		d.Rule = "One pod for each failure domain that may be lost and one more at least."
		d.Reason = "Interchangeable pods serve as long as one is ready."
		d.Source = "profile " + q.profile.Name
	}
	return []Decision{d}
}
