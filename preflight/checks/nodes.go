package checks

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// condition returns the status of a condition, "" without it.
func condition(n *corev1.Node, of corev1.NodeConditionType) corev1.NodeCondition {
	for _, c := range n.Status.Conditions {
		if c.Type == of {
			return c
		}
	}
	return corev1.NodeCondition{}
}

func isReady(n *corev1.Node) bool {
	return condition(n, corev1.NodeReady).Status == corev1.ConditionTrue
}

// isUsable reports whether a node is Ready and not cordoned.
func isUsable(n *corev1.Node) bool { return isReady(n) && !n.Spec.Unschedulable }

// The roles of nodes of the control plane, as kubeadm sets them. Workloads do not run there by default.
const controlPlaneRole = "node-role.kubernetes.io/control-plane"

// isReserved reports whether a taint keeps workloads off a node of the control plane.
func isReserved(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
		return t.Key == controlPlaneRole && t.Effect != corev1.TaintEffectPreferNoSchedule
	})
}

// zonesOf returns the zones of nodes, sorted.
func zonesOf(nodes []*corev1.Node) []string { return cluster.Cluster{Nodes: nodes}.Zones() }

func filter[T any](all []T, keep func(T) bool) (kept []T) {
	for _, one := range all {
		if keep(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

func sortedKeys[K ~string, V any](of map[K]V) []K { return slices.Sorted(maps.Keys(of)) }
