package sim

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// newController returns the controller of a workload without pods.
func newController(index int, w *workload.Workload, n *nodes, namespaces placement.Namespaces) *Controller {
	pod := w.Pod(0, 1)
	c := &Controller{
		Workload: w, Index: index, replicas: w.Replicas, revision: 1, oldReplicas: w.Replicas,
		start: StartDuration(&pod.Spec), grace: GracePeriod(w), minReady: w.MinReady,
		uniform: w.Kind != workload.DaemonSet && !hasOwnVolumes(w),
	}
	if pod.Spec.Priority != nil {
		c.priority = *pod.Spec.Priority
	}
	// The constraints are those of the template. In a pod, matchLabelKeys limit the selectors to one revision.
	template := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Labels: w.Template.Labels}, Spec: w.Template.Spec}
	for _, constraint := range placement.Constraints(template, namespaces) {
		if constraint.Required && constraint.Kind != placement.AntiAffinity {
			c.attracting = append(c.attracting, constraint)
		}
	}
	if w.Kind == workload.DaemonSet {
		fit := placement.NewFit(pod)
		c.nodes = slices.Clone(n.list)
		c.nodes = slices.DeleteFunc(c.nodes, func(n *Node) bool { return !fit.Accepts(n.object) })
	}
	return c
}

// hasOwnVolumes reports whether each pod of a workload has volumes of its own.
func hasOwnVolumes(w *workload.Workload) bool {
	ephemeral := func(v corev1.Volume) bool { return v.Ephemeral != nil }
	return len(w.Claims) > 0 || slices.ContainsFunc(w.Template.Spec.Volumes, ephemeral)
}
