package sim

import (
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/internal/labelindex"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// lifecycle moves pods through their states. The methods are in the order of the states: a pod is created and Pending,
// bound to a node, Ready, Terminating, and gone.
type lifecycle struct {
	journal     *journal
	scheduler   *scheduler.Scheduler
	clock       *clock
	queue       *queue
	volumes     *volumes
	attachments *attachments
	admission   *admission
	budgets     []*budget
	budgetIndex labelindex.Selectors[*budget]
	observer    *observer
	version     cluster.Version
}

// create creates a Pending pod and its volumes; target is the node that a pod of a DaemonSet is for, nil for other pods. It returns
// nil if the API server refuses the pod.
func (l *lifecycle) create(c *Controller, index, revision int, target *Node) *Pod {
	if refused := l.admission.refuse(c, index); refused != "" {
		set(l.journal, &c.refused, refused)
		return nil
	}
	f := c.takeFault(l.journal, index)
	if why := c.Workload.ByHand(); why != "" && f == nil && l.admission.installed {
		f = &fault{reason: why, started: true}
	}
	p := l.add(c, index, revision, target, f)
	l.volumes.bindImmediate(p)
	return p
}

// add adds a Pending pod, with a fault or nil. Its volumes are created with it, or exist if it is a running pod.
func (l *lifecycle) add(c *Controller, index, revision int, target *Node, f *fault) *Pod {
	p := &Pod{controller: c, index: index, revision: revision, object: c.Workload.Pod(index, revision), due: Never, tried: -1, target: target}
	p.mounts = l.volumes.Mounts(p.object, c.Workload.Claims)
	setOwner(p.object, c.Workload, revision)
	if target != nil {
		requireNode(&p.object.Spec, target.Name())
	}
	l.observer.activate(c)
	set(l.journal, &c.created, c.created+1)
	p.at, p.fault = len(c.pods), f
	set(l.journal, &c.pods, append(c.pods, p))
	l.queue.add(p)
	l.admission.admit(p)
	for _, b := range l.budgetIndex.Candidates(p.object.Namespace, p.object.Labels) {
		if b.selects(p.object) {
			p.budgets = append(p.budgets, b)
			set(l.journal, &b.pods, append(b.pods, p))
		}
	}
	return p
}

// requireNode replaces the required node affinity of a pod by the name of a node, as the DaemonSet controller does
// (ReplaceDaemonSetPodNodeNameNodeAffinity in pkg/controller/daemon/util).
func requireNode(spec *corev1.PodSpec, node string) {
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	name := corev1.NodeSelectorRequirement{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}
	spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{name}}},
	}
}

// bind binds a Pending pod to a node, where it starts once its volumes are attached.
func (l *lifecycle) bind(p *Pod, n *Node) error {
	l.queue.nominate(p, "")
	before, object := p.object, new(corev1.Pod)
	*object = *before
	object.Spec.NodeName, object.Status.NominatedNodeName = n.Name(), ""
	if err := l.scheduler.Add(object); err != nil {
		return err
	}
	p.object = object
	l.queue.requeue(p)
	l.journal.record(func() {
		_ = l.scheduler.Remove(object) // cannot fail: it was added above
		p.object = before
	})
	l.observer.activate(p.controller)
	set(l.journal, &p.node, n)
	set(l.journal, &n.pods, append(n.pods, p))
	l.queue.remove(p)
	l.volumes.bindFirstConsumer(p)
	l.attachments.attach(p)
	change := Change{Pod: p.Name(), Workload: p.controller.Workload, To: n.Name()}
	if p.attachWait == nil {
		l.start(p)
	} else {
		l.setState(p, starting, Never)
		change.Reason = "waits " + p.attachWait.String()
	}
	l.observer.record(change)
	return nil
}

// start starts the containers of a pod. A pod with a fault does not become Ready, and one on a failed node, which it tolerates, does
// not start.
func (l *lifecycle) start(p *Pod) {
	switch {
	case p.node.failed:
		l.setState(p, unreachable, Never)
	case p.fault == nil:
		l.setState(p, starting, l.clock.now+p.controller.start)
	case p.fault.started:
		l.setState(p, failing, Never)
	default:
		l.setState(p, starting, Never)
	}
}

// expire ends the state of a pod whose timer has ended.
func (l *lifecycle) expire(p *Pod) error {
	switch p.state {
	case starting:
		if p.controller.hasLeader() {
			l.setState(p, failing, Never)
			break
		}
		l.markReady(p)
	case ready: // now it is available
		l.setState(p, ready, Never)
	case unreachable:
		return l.terminate(p, "")
	case terminating:
		if !p.node.failed {
			l.remove(p)
			break
		}
		l.admission.ignore(p)
		l.wake()
		l.setState(p, terminating, Never)
	}
	return nil
}

// markReady makes a pod Ready. It is available after minReadySeconds.
func (l *lifecycle) markReady(p *Pod) {
	due := Never
	if p.controller.minReady > 0 {
		due = l.clock.now + p.controller.minReady
	}
	l.setState(p, ready, due)
}

// markUnreachable makes a pod of a failed node Unreachable until due, when it is marked for deletion. A Terminating pod
// stays Terminating for good.
func (l *lifecycle) markUnreachable(p *Pod, due time.Duration) {
	if p.state == terminating {
		l.setState(p, terminating, l.forgotten(p))
		return
	}
	l.observer.record(Change{Pod: p.Name(), Workload: p.controller.Workload, From: p.node.Name(), Reason: "its node failed"})
	l.setState(p, unreachable, due)
}

// terminate marks a pod for deletion. It is gone after its grace period. On a failed node it stays for good, as
// nodes do not come back and are not removed.
func (l *lifecycle) terminate(p *Pod, reason string) error {
	if p.state == terminating {
		return nil
	}
	p.controller.returnFault(l.journal, p)
	if p.state == pending {
		l.observer.activate(p.controller)
		l.remove(p)
		return nil
	}
	if p.state != unreachable {
		l.observer.record(Change{Pod: p.Name(), Workload: p.controller.Workload, From: p.node.Name(), Reason: reason})
	}
	before, now := p.object, *p.object
	now.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	replace := func(from, to *corev1.Pod) error {
		p.object = to
		return errors.Join(l.scheduler.Remove(from), l.scheduler.Add(to))
	}
	if err := replace(before, &now); err != nil {
		return fmt.Errorf("terminating pod %s: %w", p.key(), err)
	}
	l.queue.requeue(p)
	l.journal.record(func() { _ = replace(&now, before) }) // cannot fail: both were on the node
	due := l.clock.now + p.controller.grace
	if p.state == unreachable {
		due = l.forgotten(p)
	}
	l.setState(p, terminating, due)
	return nil
}

// forgotten returns when quotas have ignored a Terminating pod of a failed node and its controller tries again, Never without a quota.
func (l *lifecycle) forgotten(p *Pod) time.Duration {
	if len(p.controller.admission.pod) == 0 {
		return Never
	}
	return l.clock.now + l.admission.untilIgnored(p)
}

// remove removes a pod from the cluster.
func (l *lifecycle) remove(p *Pod) {
	if p.node != nil {
		object := p.object
		_ = l.scheduler.Remove(object) // cannot fail: it is on the node
		l.queue.retryAll()
		l.journal.record(func() { _ = l.scheduler.Add(object) })
		set(l.journal, &p.node.pods, without(p.node.pods, p))
		l.setState(p, terminating, Never)
		for _, next := range l.attachments.detach(p) {
			l.start(next)
		}
	} else {
		l.queue.nominate(p, "")
		l.queue.remove(p)
	}
	l.forget(p)
	l.admission.release(p)
	l.wake()
	l.volumes.release(p)
	for _, b := range p.budgets {
		set(l.journal, &b.pods, without(b.pods, p))
	}
}

// forget removes a pod from its controller's list. The last pod takes its position: a DaemonSet may have thousands, so the
// list is not copied.
func (l *lifecycle) forget(p *Pod) {
	c, i, last := p.controller, p.at, len(p.controller.pods)-1
	moved := c.pods[last]
	c.pods[i], moved.at = moved, i
	c.pods = c.pods[:last]
	l.journal.record(func() {
		c.pods = append(c.pods, moved)
		moved.at = last
		c.pods[i], p.at = p, i
	})
}

// setState changes the state of a pod until due.
func (l *lifecycle) setState(p *Pod, to state, due time.Duration) {
	c, from := p.controller, p.state
	l.observer.activate(c)
	l.clock.set(p, due)
	set(l.journal, &p.state, to)
	if (from == ready) == (to == ready) {
		return
	}
	if to == ready {
		set(l.journal, &c.ready, c.ready+1)
		l.wake()
	} else {
		set(l.journal, &c.ready, c.ready-1)
		l.observer.observations[c].LostReady = true
	}
	if from == ready && c.ready == 0 {
		l.elect(c)
	}
	l.observer.observeNode(p, l.clock.now)
}
