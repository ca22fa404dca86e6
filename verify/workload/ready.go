package workload

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// notReady returns why an existing pod is not Ready, "" if it is. Without a condition Ready it is not (IsPodReady in
// pkg/api/v1/pod/util.go). A pod without a status, as in a manifest, is taken as Ready.
func notReady(status *corev1.PodStatus) string {
	condition := conditionOf(status, corev1.PodReady)
	switch {
	case condition != nil && condition.Status == corev1.ConditionTrue:
		return ""
	case condition == nil && status.Phase == "":
		return ""
	case condition == nil && status.Phase == corev1.PodRunning && len(status.ContainerStatuses) == 0:
		return "its status has no condition Ready"
	}
	if scheduled := conditionOf(status, corev1.PodScheduled); scheduled != nil && scheduled.Status == corev1.ConditionFalse {
		return cmp.Or(scheduled.Reason, string(corev1.PodReasonUnschedulable))
	}
	if reason := brokenContainer(status); reason != "" {
		return reason
	}
	if condition != nil && condition.Reason != "" && condition.Reason != containersNotReady {
		return condition.Reason
	}
	for _, c := range status.ContainerStatuses {
		if !c.Ready {
			return "container " + c.Name + " runs and is not Ready"
		}
	}
	if len(status.ContainerStatuses) > 0 && condition != nil {
		return NodeNotReady
	}
	return "its containers are not Ready"
}

// NodeNotReady is the reason of a pod that the control plane has marked because its node is not Ready. Its containers are Ready
// by their last status (MarkPodsNotReady in pkg/controller/util/node/controller_utils.go).
const NodeNotReady = "its node is not Ready"

// containersNotReady is the reason of the Ready condition that names no cause (ContainersNotReady in pkg/kubelet/status/generate.go).
const containersNotReady = "ContainersNotReady"

// brokenContainer returns the reason of the first container that waits or has terminated, "" if there is none. Init containers
// come first: the others wait for them.
func brokenContainer(status *corev1.PodStatus) string {
	for _, c := range slices.Concat(status.InitContainerStatuses, status.ContainerStatuses) {
		reason := ""
		switch {
		case c.Ready:
		case c.State.Waiting != nil:
			reason = c.State.Waiting.Reason
		case c.State.Terminated != nil:
			reason = cmp.Or(c.State.Terminated.Reason, "terminated")
		}
		if reason != "" {
			return reason + " in container " + c.Name
		}
	}
	return ""
}

func conditionOf(status *corev1.PodStatus, of corev1.PodConditionType) *corev1.PodCondition {
	i := slices.IndexFunc(status.Conditions, func(c corev1.PodCondition) bool { return c.Type == of })
	if i < 0 {
		return nil
	}
	return &status.Conditions[i]
}
