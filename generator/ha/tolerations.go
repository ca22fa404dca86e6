package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// tolerations shorten the time until a pod of a silent node is replaced.
func tolerations(q question) []Decision {
	if q.profile.EvictAfterSeconds == 0 || !q.doubled() || q.model() == stack.Quorum {
		return nil
	}
	return []Decision{{
		Key:    "tolerations",
		Value:  []any{q.tolerate("node.kubernetes.io/not-ready"), q.tolerate("node.kubernetes.io/unreachable")},
		Rule:   "A pod on a silent node is replaced after the profile's evictAfterSeconds; yours are added by key.",
		Reason: "Kubernetes adds 300 s where a pod says nothing. Voters keep that default: their pod comes back under the same name and disk, or not at all until the node is deleted.",
		Source: "kube-apiserver DefaultTolerationSeconds; StatefulSet at-most-one semantics",
	}}
}

func (q question) tolerate(key string) Map {
	return Map{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": q.profile.EvictAfterSeconds}
}
