package survival

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// often is how many times a pod makes room: two may drive each other about for ever, as they would in a cluster.
const often = 10

// preempt makes room for a pod that fits on no node, by stopping pods of lower priority, and keeps the room for it; where that
// helps no more, none is kept (pkg/scheduler/framework/preemption). It tells whether it changed anything.
func (w *world) preempt(ctx context.Context, p *pod) (bool, error) {
	if p.preempts == often {
		return false, nil
	}
	name, victims, err := w.scheduler.Preempt(ctx, p.object, w.allowances, w.disks.on(p)...)
	if err != nil {
		return false, fmt.Errorf("making room for pod %s: %w", p.key(), err)
	}
	acted := w.nominate(p, name)
	if len(victims) == 0 {
		return acted, nil
	}
	for _, other := range w.waiting {
		if other.room() == name && other.of.priority < p.of.priority {
			w.nominate(other, "")
		}
	}
	for _, victim := range victims {
		for _, other := range w.byName[name].pods {
			if other.object.UID != victim.UID || !other.active() {
				continue
			}
			acted = true
			set(w, &other.object, preempted(other.object))
			if err := w.stop(other, fmt.Sprintf("makes room for pod %s, which has a higher priority", p.key())); err != nil {
				return true, err
			}
		}
	}
	if acted {
		set(w, &p.preempts, p.preempts+1)
	}
	return acted, nil
}

// preempted is a copy of a pod that says why it goes, by which the scheduler knows that somebody waits for its room.
func preempted(p *corev1.Pod) *corev1.Pod {
	now := *p
	now.Status.Conditions = append(slices.Clone(p.Status.Conditions), corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler,
	})
	return &now
}

// room is the node on which room is kept for a pod that waits, "" if there is none.
func (p *pod) room() string { return p.object.Status.NominatedNodeName }

// nominate keeps room for a pod that waits on a node, and on no other; on none if it is "". It tells whether that is new.
func (w *world) nominate(p *pod, node string) bool {
	if p.room() == node {
		return false
	}
	swap := func(to *corev1.Pod) {
		if p.room() != "" {
			w.scheduler.Withdraw(p.object)
			w.version++ // others may take it
		}
		p.object = to
		if p.room() != "" {
			w.scheduler.Nominate(to)
		}
	}
	before, now := p.object, *p.object
	now.Status.NominatedNodeName = node
	swap(&now)
	w.happened(func() { swap(before) })
	return true
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
