package ha

import "github.com/holdfast-ha/holdfast/generator/stack"

// settleSeconds is how long a voter must stay ready before the next one is taken away in a rolling update: a startup
// probe may pass a moment before the last stream is current (nats-server#4875).
const settleSeconds = 10

// update says how a new revision replaces the old one.
func update(q question) []Decision {
	if q.component.Managed {
		return nil
	}
	switch {
	case q.model() == stack.Quorum:
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "One voter after the other, the highest ordinal first.",
			Reason: "The pods start in parallel (a first quorum needs them all) and are replaced one by one.",
			Source: "kubernetes stateful_set_control.go; nats-server raft.go runAsCandidate",
		}, {
			Key:    "minReadySeconds",
			Value:  settleSeconds,
			Rule:   "A voter counts when it has been ready for a while.",
			Reason: "The next one is taken only when this one is a full member again.",
			Source: "nats-server#4875; kubernetes stateful_set_control.go",
		}}
	case q.model() == stack.PerNode && q.component.HasService():
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxSurge": 1, "maxUnavailable": 0}},
			Rule:   "Node after node, and the new pod is ready before the old one goes.",
			Reason: "No other node's pod answers for this one.",
			Source: "apps/v1 DaemonSet",
		}}
	case q.model() == stack.PerNode:
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxUnavailable": 1}},
			Rule:   "Node after node.",
			Reason: "A broken revision stops at the first node.",
			Source: "apps/v1 DaemonSet",
		}}
	case q.component.Workload() == "StatefulSet":
		return []Decision{{
			Key:    "updateStrategy",
			Value:  Map{"type": "RollingUpdate"},
			Rule:   "One pod after the other.",
			Reason: "Each pod has a disk of its own; there is no room for a second one.",
			Source: "apps/v1 StatefulSet",
		}}
	case q.model() == stack.Single:
		return []Decision{{
			Key:    "strategy",
			Value:  Map{"type": "Recreate"},
			Rule:   "The old pod stops before the new one starts.",
			Reason: "Two at once would do the work twice.",
			Source: "apps/v1 Deployment",
		}}
	}
	return []Decision{{
		Key:    "strategy",
		Value:  Map{"type": "RollingUpdate", "rollingUpdate": Map{"maxSurge": 1, "maxUnavailable": 0}},
		Rule:   "A new pod is ready before an old one goes.",
		Reason: "The default of 25 % takes a pod away first from four replicas on.",
		Source: "kubernetes deployment_util.go ResolveFenceposts",
	}}
}
