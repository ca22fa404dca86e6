package sim

import (
	"cmp"
	"slices"
)

// replicaSet replaces pods that are gone or Terminating, on any node.
func replicaSet(l *lifecycle, c *Controller) (bool, error) { return scale(l, c, 1, c.replicas) }

// scale creates or deletes pods of a revision up to a number, as a ReplicaSet does
// (pkg/controller/replicaset/replica_set.go).
func scale(l *lifecycle, c *Controller, revision, replicas int) (bool, error) {
	pods := c.activePods(revision)
	acted := false
	for range replicas - len(pods) {
		if l.create(c, c.created, revision, nil) == nil {
			break
		}
		acted = true
	}
	if len(pods) > replicas {
		slices.SortStableFunc(pods, deletionOrder)
		for _, p := range pods[:len(pods)-replicas] {
			if err := l.terminate(p, "replaced"); err != nil {
				return true, err
			}
			acted = true
		}
	}
	return acted, nil
}

// deletionOrder orders pods as a ReplicaSet deletes them: those without a node, those that are not Ready, those on the
// nodes with the most other pods of the workload, and the newest (ActivePodsWithRanks in
// pkg/controller/controller_utils.go).
func deletionOrder(a, b *Pod) int {
	return cmp.Or(
		trueFirst(a.node == nil, b.node == nil),
		trueFirst(a.state != ready, b.state != ready),
		colocated(b)-colocated(a),
		b.index-a.index,
	)
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// colocated counts the active pods of the workload on the node of a pod.
func colocated(p *Pod) int {
	if p.node == nil {
		return 0
	}
	n := 0
	for _, other := range p.node.pods {
		if other.controller == p.controller && other.active() {
			n++
		}
	}
	return n
}
