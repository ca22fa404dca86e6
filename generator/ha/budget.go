package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// budget limits what evictions (drains, autoscalers) may take at once.
func budget(q question) []Decision {
	if !q.doubled() {
		if q.model() == stack.PerNode {
			return nil
		}
		return []Decision{{
			Key:    "podDisruptionBudget",
			Rule:   "No budget for one pod.",
			Reason: "It would block every drain or protect nothing.",
			Source: "kube-apiserver eviction API: a pod is refused while disruptionsAllowed is 0",
		}}
	}
	d := Decision{
		Key:   "podDisruptionBudget",
		Value: Map{"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
		Rule:  "One pod at a time; a pod that is not ready may always go.",
	}
	d.Reason = "It never takes the last pod and never blocks every drain, whatever the number of replicas. A broken pod protects nobody and must not hold up the drain that would cure it."
	d.Source = "policy/v1 PodDisruptionBudget, unhealthyPodEvictionPolicy (Kubernetes 1.31)"
	if q.model() == stack.Quorum {
		d.Reason = "Of 3 voters one may be away, of 5 two: one at a time leaves the quorum, and never blocks every drain. A broken voter counts for nothing and must not hold up the drain that would cure it."
	}
	return []Decision{d}
}
