package survival

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// preempt makes room for a pod that fits on no node, by stopping pods of lower priority. It does so
// once (pkg/scheduler/framework/plugins/defaultpreemption): the node is not kept for it as kube-scheduler would by nominating
// it, so others may be quicker.
func (w *world) preempt(ctx context.Context, p *pod, object *corev1.Pod) (bool, error) {
	if !slices.ContainsFunc(w.controllers, func(c *controller) bool { return c.ready > 0 && c.priority < p.of.priority }) {
		return false, nil
	}
	if p.room != nil {
		return false, nil
	}
	name, victims, err := w.scheduler.Preempt(ctx, object, w.allowances())
	if err != nil {
		return false, fmt.Errorf("making room for pod %s: %w", p.key(), err)
	}
	if name == "" {
		return false, nil
	}
	n := w.byName[name]
	set(w, &p.room, n)
	for _, victim := range victims {
		for _, other := range n.pods {
			if other.object.Namespace != victim.Namespace || other.object.Name != victim.Name {
				continue
			}
			if err := w.stop(other, fmt.Sprintf("makes room for pod %s, which has a higher priority", p.key())); err != nil {
				return true, err
			}
		}
	}
	return true, nil
}

// allowances are the budgets with what each allows now.
func (w *world) allowances() []*policyv1.PodDisruptionBudget {
	list := make([]*policyv1.PodDisruptionBudget, len(w.budgets))
	for i, b := range w.budgets {
		allowed := int32(0)
		if healthy, desired, expected, unknown := b.status(); unknown == "" && expected > 0 {
			allowed = int32(max(0, healthy-desired))
		}
		list[i] = &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: b.Object.Namespace, Name: b.Object.Name},
			Spec:       b.PodDisruptionBudgetSpec,
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		}
	}
	return list
}
