package sim

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// nodes are the nodes of the cluster.
type nodes struct {
	journal   *journal
	scheduler *scheduler.Scheduler
	queue     *queue

	list   []*Node // sorted by name
	byName map[string]*Node
	failed int
}

func newNodes(objects []*corev1.Node, j *journal, s *scheduler.Scheduler, q *queue) *nodes {
	n := &nodes{journal: j, scheduler: s, queue: q, byName: map[string]*Node{}}
	for _, object := range objects {
		one := &Node{object: object}
		n.list = append(n.list, one)
		n.byName[object.Name] = one
	}
	return n
}

// prepareNodes returns nodes sorted by name, with the taint of cordoned ones.
func prepareNodes(objects []*corev1.Node) []*corev1.Node {
	all := make([]*corev1.Node, len(objects))
	for i, n := range objects {
		all[i] = taintCordoned(n)
	}
	slices.SortFunc(all, func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// notReady returns the nodes that are not Ready in the input.
func (n *nodes) notReady() []*Node {
	return slices.DeleteFunc(slices.Clone(n.list), (*Node).ready)
}

// ready reports whether the node is Ready in the input. A node without that condition is.
func (n *Node) ready() bool {
	return !slices.ContainsFunc(n.object.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue
	})
}

// taintCordoned adds the taint of a cordoned node, which the node controller adds (doNoScheduleTaintingPass in
// pkg/controller/nodelifecycle/node_lifecycle_controller.go). By it, spread constraints may ignore the node.
func taintCordoned(n *corev1.Node) *corev1.Node {
	tainted := slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable })
	if !n.Spec.Unschedulable || tainted {
		return n
	}
	n = n.DeepCopy()
	n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	return n
}

// update replaces the API object of a node.
func (n *nodes) update(one *Node, to *corev1.Node) {
	before := one.object
	one.object = to
	n.scheduler.SetNode(to)
	n.queue.retryAll()
	n.journal.record(func() {
		one.object = before
		n.scheduler.SetNode(before)
	})
}
