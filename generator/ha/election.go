package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// election is decided for standbys that leave the choice open.
func election(q question) []Decision {
	if q.model() != stack.Standby || q.component.Election == stack.ElectionFixed {
		return nil
	}
	if !q.doubled() {
		return []Decision{{
			Key:    "election",
			Value:  Map{"by": "nats"},
			Rule:   "One pod elects itself on the bus.",
			Reason: "It needs no lease and no permission for one.",
			Source: "argo-events leaderelection.go; nats-io/graft with a cluster of one",
		}}
	}
	return []Decision{{
		Key:    "election",
		Value:  Map{"by": "leases", "leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"},
		Rule:   "Two pods elect their leader by a Kubernetes lease of 15 s.",
		Reason: "On the bus an election of two needs both. Argo Events' own lease of 5 s, renewed within 2 s, loses its leader whenever the API server stalls for 2 s.",
		Source: "argo-events leaderelection.go, env LEADER_ELECTION_* (v1.9.11); issues #1850, #3790, #4112",
	}}
}
