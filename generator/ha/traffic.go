package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// traffic says which of its pods a component's Service leads to.
func traffic(q question) []Decision {
	if q.model() != stack.PerNode || !q.component.HasService() {
		return nil
	}
	return []Decision{{
		Key:    "internalTrafficPolicy",
		Value:  "Local",
		Rule:   "A caller reaches the pod of its own node, or none.",
		Reason: "The two then fail together. A connection to a node that has gone silent stays open, and a caller that does not ask after it waits for minutes.",
		Source: "core/v1 ServiceSpec; nats.go Options.PingInterval (2 minutes, twice)",
	}}
}
