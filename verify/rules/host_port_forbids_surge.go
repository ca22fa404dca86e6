package rules

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A host port is free only when the old pod is gone, so no node accepts the new one beside it (plugin NodePorts). A DaemonSet keeps
// the old pod until the new one on the same node is available (updatedDaemonPods in pkg/controller/daemon/update.go), and so does a
// Deployment that is bound to one node by its name. Other Deployments may have a free node: see rollout-cannot-surge.
var hostPortForbidsSurge = &Rule{
	ID:       "host-port-forbids-surge",
	Severity: Warning,
	Protects: "Two pods with the same host port cannot run on one node. A rollout that starts the new pod on a node before the old one stops never ends.",
	Fix:      "Set maxSurge: 0 and maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			ports := s.HostPorts(w)
			if len(ports) == 0 || !surgesOnSameNode(w) {
				continue
			}
			report(facts.InTemplate(w, ports[0].Path...), fmt.Sprintf("host port %d is in use by the old pod until the new one on the same node is available", ports[0].HostPort))
		}
	},
}

// surgesOnSameNode reports whether each new pod of a rollout starts on the node of the old pod that it replaces, and before that
// one stops.
func surgesOnSameNode(w *workload.Workload) bool {
	switch w.Kind {
	case workload.DaemonSet:
		var set appsv1.DaemonSet
		if w.Object.Kind != w.Kind || w.Object.Decode(&set) != nil || set.Spec.UpdateStrategy.RollingUpdate == nil {
			return false
		}
		surge := set.Spec.UpdateStrategy.RollingUpdate.MaxSurge
		n, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(surge, intstr.FromInt32(0)), 100, true)
		return err == nil && n > 0 && set.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType
	case workload.Deployment:
		spec := w.Template.Spec
		return (spec.NodeName != "" || spec.NodeSelector[corev1.LabelHostname] != "") && w.Replicas > 0 && w.Rollout.MaxSurge > 0 && w.Rollout.MaxUnavailable == 0
	}
	return false
}
