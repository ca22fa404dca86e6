package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// traffic decides which pods the Service of a component routes to.
func traffic(in input) []Decision {
	if in.model() != stack.PerNode || !in.component.HasService() {
		return nil
	}
	return []Decision{{
		Key:    "internalTrafficPolicy",
		Value:  "Local",
		Rule:   "Clients connect to the pod on their own node, or to none.",
		Reason: "Client and server then fail together. A connection to an unreachable node stays open, and a client without short pings notices it only after minutes.",
		Source: "core/v1 ServiceSpec; nats.go Options.PingInterval (2 minutes, twice)",
	}}
}
