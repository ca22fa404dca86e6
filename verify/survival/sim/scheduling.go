package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// placer schedules Pending pods.
type placer struct {
	lifecycle *lifecycle
	scheduler *scheduler.Scheduler
	queue     *queue
	volumes   *volumes
	nodes     *nodes
	// attempts is how often it may still try to place a pod.
	attempts int
}

// signature is equal for Pending pods that the scheduler refuses for the same reasons.
type signature struct {
	controller *Controller
	revision   int
	nominated  string
}

// schedule tries every Pending pod that may fit. It reports whether one was bound, or another pod was preempted for one.
func (pl *placer) schedule(ctx context.Context) (acted bool, err error) {
	if len(pl.queue.pods) == 0 {
		return false, nil
	}
	refused := map[signature]*scheduler.Unschedulable{}
	for _, p := range pl.queue.ordered() {
		if p.tried == pl.queue.version {
			continue
		}
		sig := signature{p.controller, p.revision, p.nominated()}
		if why := refused[sig]; why != nil {
			pl.queue.refuse(p, &scheduler.Unschedulable{Pod: p.key(), Reasons: why.Reasons})
			continue
		}
		bound, err := pl.place(ctx, p)
		if err != nil {
			return acted, err
		}
		switch {
		case bound:
			acted = true
			clear(refused)
		case p.controller.uniform:
			refused[sig] = p.unschedulable
		}
	}
	return acted, nil
}

// place binds a Pending pod to a node, or preempts other pods for it.
func (pl *placer) place(ctx context.Context, p *Pod) (bool, error) {
	if pl.attempts--; pl.attempts < 0 {
		return false, ErrTooLong
	}
	name, err := pl.scheduler.Place(ctx, p.object, pl.volumes.selectors(p, pl.lifecycle.attachments.inUse)...)
	var why *scheduler.Unschedulable
	if errors.As(err, &why) {
		pl.queue.refuse(p, why)
		return pl.preempt(ctx, p)
	}
	if err != nil {
		return false, fmt.Errorf("placing pod %s: %w", p.key(), err)
	}
	return true, pl.lifecycle.bind(p, pl.nodes.byName[name])
}

// maxPreemptions limits how often pods are preempted for one pod: two pods could preempt each other forever, as in a real
// cluster.
const maxPreemptions = 10

// preempt deletes pods of lower priority on one node so that a pod fits there, and nominates that node. It withdraws a
// nomination that no longer helps (pkg/scheduler/framework/preemption). It reports whether it changed anything.
func (pl *placer) preempt(ctx context.Context, p *Pod) (bool, error) {
	if p.preemptions == maxPreemptions {
		return false, nil
	}
	budgets := func() []*policyv1.PodDisruptionBudget { return budgetObjects(pl.lifecycle.budgets) }
	name, victims, err := pl.scheduler.Preempt(ctx, p.object, budgets, pl.volumes.selectors(p, pl.lifecycle.attachments.inUse)...)
	if err != nil {
		return false, fmt.Errorf("preempting pods for pod %s: %w", p.key(), err)
	}
	acted := pl.queue.nominate(p, name)
	if len(victims) == 0 {
		return acted, nil
	}
	for _, other := range pl.queue.pods {
		if other.nominated() == name && other.controller.priority < p.controller.priority {
			pl.queue.nominate(other, "")
		}
	}
	for _, victim := range victims {
		for _, other := range pl.nodes.byName[name].pods {
			if other.object.UID != victim.UID || !other.active() {
				continue
			}
			acted = true
			set(pl.lifecycle.journal, &other.object, markPreempted(other.object))
			if err := pl.lifecycle.terminate(other, fmt.Sprintf("preempted by pod %s, which has a higher priority", p.key())); err != nil {
				return true, err
			}
		}
	}
	if acted {
		set(pl.lifecycle.journal, &p.preemptions, p.preemptions+1)
	}
	return acted, nil
}

// markPreempted returns a copy of a pod with the condition that the scheduler sets on the pods that it preempts.
func markPreempted(p *corev1.Pod) *corev1.Pod {
	now := *p
	now.Status.Conditions = append(slices.Clone(p.Status.Conditions), corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler,
	})
	return &now
}
