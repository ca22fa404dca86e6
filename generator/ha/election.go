package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// election chooses how standbys elect their leader, for components that support several ways, and the times of their Lease.
func election(in input) []Decision {
	if in.model() != stack.Standby || in.component.Election == stack.ElectionFixed {
		return nil
	}
	if !in.component.Managed {
		return []Decision{{
			Key:    "election",
			Value:  Map{"leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"},
			Rule:   "The leader holds a Kubernetes Lease of 15 s: after its failure, a standby takes over within 15 s and two attempts of 2 s.",
			Reason: "A shorter Lease loses its leader whenever the API server stalls. These are the times of Kubernetes' own controllers.",
			Source: "k8s.io/component-base config/v1alpha1/defaults.go (LeaderElectionConfiguration); client-go leaderelection.go",
		}}
	}
	if !in.replicated() {
		return []Decision{{
			Key:    "election",
			Value:  Map{"by": "nats", "leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"},
			Rule:   "A single pod elects itself over NATS. An event source or sensor with more replicas uses a Kubernetes Lease, unless the values choose NATS.",
			Reason: "A single pod needs neither a Lease nor permissions for one. An election between two pods over NATS needs both.",
			Source: "argo-events leaderelection.go; nats-io/graft with a cluster of one",
		}}
	}
	return []Decision{{
		Key:    "election",
		Value:  Map{"by": "leases", "leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"},
		Rule:   "Two pods elect their leader with a Kubernetes Lease of 15 s.",
		Reason: "An election between two pods over NATS needs both. The default Lease of Argo Events (5 s, renewed within 2 s) loses its leader whenever the API server stalls for 2 s.",
		Source: "argo-events leaderelection.go, env LEADER_ELECTION_* (v1.9.11); issues #1850, #3790, #4112",
	}}
}
