package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// tolerations shorten the time until a pod on an unreachable node is replaced.
func tolerations(in input) []Decision {
	if in.profile.EvictAfterSeconds == 0 || !in.replicated() || in.model() == stack.Quorum || in.named() {
		return nil
	}
	return []Decision{{
		Key:    "tolerations",
		Value:  []any{in.tolerate("node.kubernetes.io/not-ready"), in.tolerate("node.kubernetes.io/unreachable")},
		Rule:   "A pod on an unreachable node is replaced after the profile's evictAfterSeconds; your tolerations are merged by key, effect and value.",
		Reason: "The default of Kubernetes is 300 s. Quorum members keep it: a StatefulSet replaces their pods only when the node is back or deleted.",
		Source: "kube-apiserver DefaultTolerationSeconds; StatefulSet at-most-one semantics",
	}}
}

func (in input) tolerate(key string) Map {
	return Map{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": in.profile.EvictAfterSeconds}
}
