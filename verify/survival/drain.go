package survival

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// drain begins to drain a node as "kubectl drain --ignore-daemonsets --delete-emptydir-data" does: it is cordoned, and its pods
// are evicted, all that budgets let go and again until all are gone. A pod that nobody would make again stops it before it
// begins (k8s.io/kubectl/pkg/drain/filters.go). The node's controller adds the taint (doNoScheduleTaintingPass in
// pkg/controller/nodelifecycle/node_lifecycle_controller.go), by which spread constraints may leave the node out.
func (w *world) drain(n *node) {
	cordoned := n.object.DeepCopy()
	cordoned.Spec.Unschedulable = true
	cordoned.Spec.Taints = append(cordoned.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	w.setNode(n, cordoned)
	set(w, &w.drained, n)
}

// bare is a pod on a node that nobody would make again, nil if there is none.
func bare(n *node) *pod {
	for _, p := range n.pods {
		if p.of.of.Kind == workload.Pod {
			return p
		}
	}
	return nil
}

// evict evicts what may be evicted now.
func (w *world) evict() (bool, error) {
	if w.drained == nil || bare(w.drained) != nil {
		return false, nil
	}
	acted := false
	for _, p := range w.drained.pods {
		if p.of.of.Kind == workload.DaemonSet || !p.active() || p.refuses() != "" {
			continue
		}
		if err := w.stop(p, "evicted"); err != nil {
			return true, fmt.Errorf("evicting: %w", err)
		}
		acted = true
	}
	return acted, nil
}

// undrained says why the drain has not ended, "" if it has.
func (w *world) undrained() string {
	if p := bare(w.drained); p != nil {
		return fmt.Sprintf("pod %s has no controller: kubectl drain refuses without --force, which would lose it", p.key())
	}
	for _, p := range w.drained.pods {
		if p.of.of.Kind == workload.DaemonSet {
			continue
		}
		why := p.refuses()
		if why == "" {
			why = fmt.Sprintf("pod %s does not go", p.key())
		}
		for _, b := range p.budgets {
			for _, other := range b.pods {
				if also := other.hindered(); also != "" {
					return why + "; " + also
				}
			}
		}
		return why
	}
	return ""
}
