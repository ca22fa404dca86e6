package sim

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// queue has the Pending pods without a node, and the nodes that are nominated for them.
type queue struct {
	journal   *journal
	scheduler *scheduler.Scheduler
	pods      []*Pod
	// version counts the changes after which a refused pod may fit. It never goes back, not even by an undo.
	version int
}

func (q *queue) add(p *Pod) { set(q.journal, &q.pods, append(q.pods, p)) }

func (q *queue) remove(p *Pod) { set(q.journal, &q.pods, without(q.pods, p)) }

// ordered returns the pods as the scheduler tries them: by priority, then in the order in which they came.
func (q *queue) ordered() []*Pod {
	return slices.SortedStableFunc(slices.Values(q.pods), func(a, b *Pod) int { return cmp.Compare(b.controller.priority, a.controller.priority) })
}

// refuse records why no node accepts a pod. The pod is tried again after a change that may make it fit.
func (q *queue) refuse(p *Pod, why *scheduler.Unschedulable) {
	set(q.journal, &p.unschedulable, why)
	p.tried = q.version
}

// retryAll retries all Pending pods: capacity was freed, or nodes changed.
func (q *queue) retryAll() { q.version++ }

// requeue retries the Pending pods whose placement constraints select p, which was bound or began to terminate.
func (q *queue) requeue(p *Pod) {
	for _, other := range q.pods {
		selects := func(c placement.Constraint) bool { return c.Selects(p.object) }
		if other.controller == p.controller || slices.ContainsFunc(other.controller.attracting, selects) {
			other.tried = -1
		}
	}
}

// nominate reserves capacity for a Pending pod on a node instead of its earlier one; "" reserves none. It reports whether
// the nomination has changed.
func (q *queue) nominate(p *Pod, node string) bool {
	if p.nominated() == node {
		return false
	}
	replace := func(to *corev1.Pod) {
		if p.nominated() != "" {
			q.scheduler.Withdraw(p.object)
			q.retryAll() // the capacity is free for others
		}
		p.object = to
		if p.nominated() != "" {
			q.scheduler.Nominate(to)
		}
	}
	before, now := p.object, *p.object
	now.Status.NominatedNodeName = node
	replace(&now)
	q.journal.record(func() { replace(before) })
	return true
}
