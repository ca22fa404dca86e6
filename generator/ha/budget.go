package ha

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/stack"
)

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
	if in.named() && !in.profile.Survivor() {
		return []Decision{{
			Key:    "podDisruptionBudget",
			Rule:   "No budget.",
			Reason: "All pods may be on the only node: the first that is evicted has no other node to start on, and a budget would then block the drain for ever.",
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
	if in.model() == stack.Shards {
		d.Reason = "A drain interrupts the shards of its node one after the other, each until its pod is ready on another node. Nothing can prevent that: a budget that refused would block the drain for ever. A pod that is not ready must not block the drain that would replace it."
	}
	if in.model() == stack.Needs {
		d = in.needsBudget(d)
	}
	if in.model() == stack.Quorum {
		d.Reason = "A quorum of 3 tolerates the loss of one member, a quorum of 5 that of two, so one eviction at a time keeps the majority without blocking drains. A member that is not ready does not count and must not block the drain that would replace it."
	}
	return []Decision{d}
}

// needsBudget permits the evictions of all pods of one node, as far as enough are left: a budget of fewer would block the drain of a
// node if the others have no place for the pod that it evicts first.
func (in input) needsBudget(d Decision) Decision {
	narrowest := in.profile.Survives[len(in.profile.Survives)-1]
	pods := inLargest(in.replicas, min(narrowest.Domains, in.replicas))
	d.Reason = fmt.Sprintf("%d of the pods may be missing. A pod that is not ready must not block the drain that would replace it.", in.spare())
	if pods > 1 && pods <= in.spare() {
		d.Value = Map{"maxUnavailable": pods, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
		d.Rule = fmt.Sprintf("%d pods may be evicted at a time, as many as a %s has; a pod that is not ready may always be evicted.", pods, narrowest.Name)
		d.Reason += " With a smaller budget, a drain would be blocked where the other nodes have no place for the pod that it evicts first."
	}
	return d
}
