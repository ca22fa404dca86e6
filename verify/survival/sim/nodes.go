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

// sortNodes returns a list of nodes sorted by name.
func sortNodes(objects []*corev1.Node) []*corev1.Node {
	return slices.SortedFunc(slices.Values(objects), func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
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
