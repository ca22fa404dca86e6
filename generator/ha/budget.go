package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// budget limits the pods that evictions (drains, autoscalers) may remove at once.
func budget(in input) []Decision {
	if !in.replicated() {
		if !in.counted() {
			return nil
		}
		return []Decision{{
			Key:    "podDisruptionBudget",
			Rule:   "A single pod has no budget.",
			Reason: "A budget for one pod either blocks every drain or allows every eviction.",
			Source: "kube-apiserver eviction API: an eviction is refused while disruptionsAllowed is 0",
		}}
	}
	d := Decision{
		Key:   "podDisruptionBudget",
		Value: Map{"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
		Rule:  "One pod may be evicted at a time; a pod that is not ready may always be evicted.",
	}
	d.Reason = "The last pod is never evicted and drains are never blocked, whatever the number of replicas. A pod that is not ready serves nothing and must not block the drain that would replace it."
	d.Source = "policy/v1 PodDisruptionBudget, unhealthyPodEvictionPolicy (Kubernetes 1.31)"
	if in.model() == stack.Quorum {
		d.Reason = "A quorum of 3 tolerates the loss of one member, a quorum of 5 that of two, so one eviction at a time keeps the majority without blocking drains. A member that is not ready does not count and must not block the drain that would replace it."
	}
	return []Decision{d}
}
