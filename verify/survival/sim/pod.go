package sim

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// state is the state of a pod. See lifecycle for the way through them.
type state int

const (
	pending     state = iota // no node
	starting                 // on a node and not Ready; until it is unblocked while it waits for a volume
	ready                    // Ready; available once the state has no end
	terminating              // marked for deletion, not Ready
	unreachable              // its node has failed, and the pod is not marked for deletion yet
)

// Pod is a pod of a controller.
type Pod struct {
	controller *Controller
	// index and revision identify the pod within its controller; index is the ordinal in a StatefulSet.
	index, revision int
	object          *corev1.Pod
	node            *Node
	state           state
	// due is when the state ends by itself, Never if it does not.
	due time.Duration
	// unschedulable is why no node takes the pod; tried is the version of the queue at which that was found.
	unschedulable *scheduler.Unschedulable
	tried         int
	// attachWait is the volume that the pod waits for on its node, nil if there is none.
	attachWait *attachWait
	// preemptions counts how often other pods were preempted for this one.
	preemptions int
	// budgets are the budgets that select the pod.
	budgets []*budget
	// at is the position in the controller's list.
	at int
	// target is the node that a pod of a DaemonSet is for, nil for other pods.
	target *Node
	// running: the pod was read from the input with its node.
	running bool
}

// Name returns the name of the pod.
func (p *Pod) Name() string { return p.object.Name }

// Controller returns the controller that created the pod.
func (p *Pod) Controller() *Controller { return p.controller }

// Node returns the node of the pod, nil if it has none.
func (p *Pod) Node() *Node { return p.node }

// Running reports whether the pod was read from the input with its node, and not created by the simulation.
func (p *Pod) Running() bool { return p.running }

// Signature is equal for pods that are interchangeable now: those of one revision of a workload in the same state until
// the same time. Pods whose name matters are interchangeable with none.
func (p *Pod) Signature() string {
	name := ""
	if p.controller.Workload.Kind == workload.StatefulSet || p.attachWait != nil { // the first pod that waits for a volume gets it
		name = p.Name()
	}
	return fmt.Sprintf("%d %d %s %d %d", p.controller.Index, p.revision, name, p.state, p.due)
}

// Blocker returns why the pod cannot start, "" if it can.
func (p *Pod) Blocker() string {
	switch {
	case p.state == pending && p.unschedulable != nil:
		return p.unschedulable.Error()
	case p.state == starting && p.attachWait != nil:
		return fmt.Sprintf("pod %s waits %s", p.key(), p.attachWait)
	}
	return ""
}

// blockerWith returns why a number of pods cannot start: this one and others with the same reason.
func (p *Pod) blockerWith(others int) string {
	switch {
	case others == 0:
		return p.Blocker()
	case p.attachWait != nil:
		return fmt.Sprintf("pod %s and %d more wait %s", p.key(), others, p.attachWait)
	}
	return fmt.Sprintf("pod %s and %d more fit on no node: %s", p.key(), others, p.unschedulable.Summary())
}

// blockerReason returns the reason in Blocker without the name of the pod.
func (p *Pod) blockerReason() string {
	if p.attachWait != nil {
		return p.attachWait.String()
	}
	return p.unschedulable.Summary()
}

// key returns namespace and name, or the name without a namespace.
func (p *Pod) key() string { return strings.TrimPrefix(p.object.Namespace+"/"+p.object.Name, "/") }

// available reports whether the pod has been Ready for as long as its controller requires.
func (p *Pod) available() bool { return p.state == ready && p.due == Never }

// active reports whether the pod counts for its controller: it is not marked for deletion.
func (p *Pod) active() bool { return p.state != terminating }

// onFailedNode reports whether the node of the pod has failed.
func (p *Pod) onFailedNode() bool { return p.node != nil && p.node.failed }

// nominated returns the node with capacity reserved for the pod, "" if there is none.
func (p *Pod) nominated() string { return p.object.Status.NominatedNodeName }
