// Package survival plays events on a cluster: it places workloads with kube-scheduler's own plugins, takes nodes away, drains
// them, lets workloads roll and grow, and says who keeps serving.
//
// What controllers, the eviction API, kubelets and the node lifecycle do is done here by the rules of Kubernetes 1.36's
// code, at the moments at which they would: each file names what it follows. Beside what is named there, nothing takes
// time: images are there, the API server answers at once, and a container does as its probes hope. Where Kubernetes draws
// lots, the first by name is taken.
package survival

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// world is workloads on a cluster at a moment. What happens to it can be taken back.
type world struct {
	scheduler   *scheduler.Scheduler
	nodes       []*node // in the order of their names
	byName      map[string]*node
	controllers []*controller // in the order of the workloads
	budgets     []*budget
	disks       *disks

	// now is how long ago the event began; waiting are the pods that have no node, moving those whose state ends by itself.
	now             time.Duration
	waiting, moving []*pod
	// drained is the node whose pods are evicted, lost how many have no power.
	drained *node
	lost    int

	// detection is how long it takes until the control plane knows that a node is silent.
	detection time.Duration

	// touched are the controllers that have something to do, in the order in which they had; changes what was seen of pods.
	touched []*controller
	changes []Change
	// version counts how often room was made, or may have been: a pod that was refused is not tried again before.
	version int
	// undo takes back what happened, last first; what is final is not taken back.
	undo  []func()
	final bool
}

// node is a node and the pods on it, in the order in which they came.
type node struct {
	object *corev1.Node
	pods   []*pod
	// lost: it has no power.
	lost bool
}

func (n *node) name() string { return n.object.Name }

func names(nodes []*node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.name())
	}
	return list
}

// newWorld is a cluster on which nothing runs, and a system of which nothing does.
func newWorld(ctx context.Context, c cluster.Cluster, s *workload.System) (*world, error) {
	nodes := slices.SortedFunc(slices.Values(c.Nodes), func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	placer, err := scheduler.New(ctx, nodes)
	if err != nil {
		return nil, err
	}
	if err := placer.SetObjects(knownOf(s)); err != nil {
		return nil, err
	}
	w := &world{scheduler: placer, byName: map[string]*node{}, detection: cmp.Or(c.Detection, noticed)}
	for _, object := range nodes {
		n := &node{object: object}
		w.nodes = append(w.nodes, n)
		w.byName[object.Name] = n
	}
	for _, b := range s.Budgets {
		w.budgets = append(w.budgets, &budget{Budget: b})
	}
	if w.disks, err = newDisks(s, c); err != nil {
		return nil, err
	}
	for i, of := range s.Workloads {
		w.controllers = append(w.controllers, newController(w, i, of))
	}
	return w, nil
}

// set changes a part of the world, and notes how to take it back. A list is never changed in its middle: those who
// look at it may go on.
func set[T any](w *world, at *T, to T) {
	before := *at
	*at = to
	w.happened(func() { *at = before })
}

// happened notes how to take back what was done.
func (w *world) happened(undo func()) {
	if !w.final {
		w.undo = append(w.undo, undo)
	}
}

// without is a list without a pod.
func without(list []*pod, p *pod) []*pod {
	left := make([]*pod, 0, len(list))
	for _, other := range list {
		if other != p {
			left = append(left, other)
		}
	}
	return left
}

// play lets something happen, and takes it back.
func (w *world) play(what func() error) error {
	mark := len(w.undo)
	err := what()
	for i := len(w.undo) - 1; i >= mark; i-- {
		w.undo[i]()
	}
	clear(w.undo[mark:])
	w.undo = w.undo[:mark]
	for _, c := range w.touched {
		c.seen = nil
	}
	w.touched, w.changes = nil, nil
	w.version++
	return err
}

// populate puts the system on the cluster, all at once, and waits until it rests. What runs is where it is.
func (w *world) populate(ctx context.Context) error {
	w.final = true
	for _, c := range w.controllers {
		w.touch(c)
		if err := w.resume(c); err != nil {
			return err
		}
	}
	if err := w.run(ctx, never); err != nil {
		return err
	}
	for _, c := range w.touched {
		c.seen = nil
	}
	w.touched, w.changes, w.now, w.final = nil, nil, 0, false
	return nil
}

// setNode changes what the scheduler knows of a node.
func (w *world) setNode(n *node, to *corev1.Node) {
	before := n.object
	n.object = to
	w.scheduler.SetNode(to)
	w.version++
	w.happened(func() {
		n.object = before
		w.scheduler.SetNode(before)
	})
}
