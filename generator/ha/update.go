package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// settleSeconds is the time for which a quorum member must be ready before a rolling update replaces the next one: the
// startup probe may succeed shortly before the last stream is current (nats-server#4875).
const settleSeconds = 10

// update decides how a new revision replaces the old one.
func update(in input) []Decision {
	if in.component.Managed || in.model() == stack.Finite {
		return nil
	}
	switch {
	case in.model() == stack.Quorum:
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "One quorum member after the other, the highest ordinal first.",
			Reason: "The pods start in parallel, because the first quorum needs them all, and are replaced one by one.",
			Source: "kubernetes stateful_set_control.go; nats-server raft.go runAsCandidate",
		}, {
			Key:    "minReadySeconds",
			Value:  settleSeconds,
			Rule:   "A quorum member counts as available after 10 s of being ready.",
			Reason: "The next one is replaced only when this one is a full member again.",
			Source: "nats-server#4875; kubernetes stateful_set_control.go",
		}}
	case in.model() == stack.PerNode && in.component.HasService():
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxSurge": 1, "maxUnavailable": 0}},
			Rule:   "Node after node; the new pod is ready before the old one stops.",
			Reason: "The pods of other nodes do not serve this node.",
			Source: "apps/v1 DaemonSet",
		}}
	case in.model() == stack.PerNode:
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxUnavailable": 1}},
			Rule:   "Node after node.",
			Reason: "A broken revision stops the rollout at the first node.",
			Source: "apps/v1 DaemonSet",
		}}
	case in.model() == stack.Single:
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "The old pod ends before the new one starts, in a rollout and when its node does not answer.",
			Reason: "Two pods at once would do the same work twice, and a Deployment starts a second one while the first may still run on a node that was cut off. If the node is gone for good, delete it, or taint it node.kubernetes.io/out-of-service: only then does the pod start on another node.",
			Source: "apps/v1 StatefulSet, at-most-one semantics; kubernetes podgc",
		}}
	case in.named():
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "One pod after the other, the highest ordinal first; the next one waits until this one is ready.",
			Reason: "Each pod has a name of its own, which a second pod cannot have: its part of the work waits while it is replaced.",
			Source: "apps/v1 StatefulSet",
		}}
	case in.component.Workload() == "StatefulSet":
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "One pod after the other.",
			Reason: "Each pod has its own disk, which a second pod cannot use.",
			Source: "apps/v1 StatefulSet",
		}}
	}
	return []Decision{{
		Key:    "strategy",
		Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxSurge": 1, "maxUnavailable": 0}},
		Rule:   "A new pod is ready before an old one stops.",
		Reason: "With the default of 25 %, a rollout of 4 or more replicas stops a pod before its replacement is ready.",
		Source: "kubernetes deployment_util.go ResolveFenceposts",
	}}
}
