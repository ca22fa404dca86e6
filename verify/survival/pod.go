package survival

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// state is what a pod does.
type state int

const (
	waiting  state = iota // it has no node
	starting              // it is on a node, and not yet ready; without an end while it lacks a disk
	ready                 // it serves, and counts as available when this state ends by itself no more
	stopping              // it is marked for deletion, and serves no more
	silent                // its node has no power, and nobody has marked it yet
)

// pod is one of a controller's pods.
type pod struct {
	of *controller
	// index tells it from the others of its revision; of a StatefulSet it is the ordinal.
	index, revision int
	object          *corev1.Pod
	node            *node
	state           state
	// due is when the state ends by itself.
	due time.Duration
	// why it waits, as was found out at a version of the world.
	why   *scheduler.Unschedulable
	tried int
	// lacks is what it waits for on its node, nil if nothing.
	lacks *lack
	// preempts is how often others were stopped for it.
	preempts int
	// budgets are those that select it.
	budgets []*budget
	// at is its place in the controller's list.
	at int
	// on is the node that a DaemonSet's pod is for.
	on *node
	// runs: it was there before the play.
	runs bool
}

// available tells whether it has been ready for as long as its controller wants.
func (p *pod) available() bool { return p.state == ready && p.due == never }

// active tells whether it counts for its controller: nobody has marked it for deletion.
func (p *pod) active() bool { return p.state != stopping }

func (p *pod) name() string { return p.object.Name }

// key names it in the whole cluster.
func (p *pod) key() string {
	return strings.TrimPrefix(p.object.Namespace+"/"+p.object.Name, "/")
}

// hindered says why it does not start, "" if it may.
func (p *pod) hindered() string {
	switch {
	case p.state == waiting && p.why != nil:
		return p.why.Error()
	case p.state == starting && p.lacks != nil:
		return fmt.Sprintf("pod %s waits %s", p.key(), p.lacks)
	}
	return ""
}

// create makes a pod that waits.
func (w *world) create(c *controller, index, revision int, on *node) *pod {
	p := &pod{of: c, index: index, revision: revision, object: c.of.Pod(index, revision), due: never, tried: -1, on: on}
	owned(p.object, c.of, revision)
	if on != nil {
		pin(&p.object.Spec, on.object.Name)
	}
	w.touch(c)
	set(w, &c.made, c.made+1)
	p.at = len(c.pods)
	set(w, &c.pods, append(c.pods, p))
	set(w, &w.waiting, append(w.waiting, p))
	for _, b := range w.budgets {
		if b.selects(p.object) {
			p.budgets = append(p.budgets, b)
			set(w, &b.pods, append(b.pods, p))
		}
	}
	w.disks.made(w, p)
	return p
}

// pin requires a node by its name, and nothing else of nodes: as the controller of DaemonSets does, which has looked before whether
// the node will do (pkg/controller/daemon/util, ReplaceDaemonSetPodNodeNameNodeAffinity).
func pin(spec *corev1.PodSpec, node string) {
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	named := corev1.NodeSelectorRequirement{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}
	spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{named}}},
	}
}

// start puts a pod that waits on a node.
func (w *world) start(p *pod, n *node) error {
	w.nominate(p, "")
	before, object := p.object, new(corev1.Pod)
	*object = *before
	object.Spec.NodeName, object.Status.NominatedNodeName = n.object.Name, ""
	if err := w.scheduler.Add(object); err != nil {
		return err
	}
	p.object = object
	w.nudge(p)
	w.happened(func() {
		_ = w.scheduler.Remove(object) // it is there
		p.object = before
	})
	w.touch(p.of)
	set(w, &p.node, n)
	set(w, &n.pods, append(n.pods, p))
	set(w, &w.waiting, without(w.waiting, p))
	w.disks.used(w, p)
	w.attach(p)
	came := Change{Pod: p.name(), Workload: p.of.of, To: n.object.Name}
	if p.lacks == nil {
		w.become(p, starting, w.now+p.of.start)
	} else {
		w.become(p, starting, never)
		came.Reason = "waits " + p.lacks.String()
	}
	w.changes = append(w.changes, came)
	return nil
}

// stop marks a pod for deletion. It is gone when its grace is over; on a node without power it stands there until the node
// is back or removed.
func (w *world) stop(p *pod, why string) error {
	switch p.state {
	case waiting:
		w.touch(p.of)
		w.remove(p)
		return nil
	case stopping:
		return nil
	}
	if p.state != silent {
		w.changes = append(w.changes, Change{Pod: p.name(), Workload: p.of.of, From: p.node.object.Name, Reason: why})
	}
	before, now := p.object, *p.object
	now.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	swap := func(from, to *corev1.Pod) error {
		p.object = to
		return errors.Join(w.scheduler.Remove(from), w.scheduler.Add(to))
	}
	if err := swap(before, &now); err != nil {
		return fmt.Errorf("stopping pod %s: %w", p.key(), err)
	}
	w.nudge(p)
	w.happened(func() { _ = swap(&now, before) }) // as it was
	due := w.now + p.of.grace
	if p.state == silent {
		due = never
	}
	w.become(p, stopping, due)
	return nil
}

// remove takes a pod out of the world.
func (w *world) remove(p *pod) {
	if p.node != nil {
		object := p.object
		_ = w.scheduler.Remove(object) // it is there
		w.version++
		w.happened(func() { _ = w.scheduler.Add(object) })
		set(w, &p.node.pods, without(p.node.pods, p))
		w.become(p, stopping, never)
		w.detach(p)
	} else {
		w.nominate(p, "")
		set(w, &w.waiting, without(w.waiting, p))
	}
	w.forget(p)
	for _, b := range p.budgets {
		set(w, &b.pods, without(b.pods, p))
	}
}

// forget takes a pod out of its controller's list, where the last one takes its place: a DaemonSet may have thousands.
func (w *world) forget(p *pod) {
	c, i, last := p.of, p.at, len(p.of.pods)-1
	moved := c.pods[last]
	c.pods[i], moved.at = moved, i
	c.pods = c.pods[:last]
	w.happened(func() {
		c.pods = append(c.pods, moved)
		moved.at = last
		c.pods[i], p.at = p, i
	})
}

// become changes what a pod does, until due.
func (w *world) become(p *pod, to state, due time.Duration) {
	w.touch(p.of)
	if from := p.state; (from == ready) != (to == ready) {
		n := -1
		if to == ready {
			n = 1
		}
		set(w, &p.of.ready, p.of.ready+n)
		w.noteNode(p, n > 0)
		p.of.seen.went = p.of.seen.went || n < 0
	}
	switch {
	case p.due == never && due != never:
		set(w, &w.moving, append(w.moving, p))
	case p.due != never && due == never:
		set(w, &w.moving, without(w.moving, p))
	}
	set(w, &p.state, to)
	set(w, &p.due, due)
}

// noteNode notes that a node has, or has no more, one of the pods that serve it alone.
func (w *world) noteNode(p *pod, has bool) {
	s := p.of.seen
	since, is := s.without[p.on]
	switch {
	case p.on == nil || p.on.lost:
	case has && is:
		s.outage = max(s.outage, w.now-since)
		delete(s.without, p.on)
	case !has && !slices.ContainsFunc(p.on.pods, func(o *pod) bool { return o.of == p.of && o != p && o.state == ready }):
		if s.without == nil {
			s.without = map[*node]time.Duration{}
		}
		s.without[p.on] = w.now
	}
}
