package sim

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// adopt binds the running pods of the input to their nodes: at most as many as the workload should have, the oldest
// first, and those of a StatefulSet by ordinal. Pods on unknown nodes are created anew, like missing ones. Pods that are not
// Ready stay so, see fault. A pod that could not be placed exists only if here is set: running pods are on the nodes.
func (l *lifecycle) adopt(c *Controller, all *nodes, here bool) error {
	for _, r := range c.Workload.Running {
		n := all.byName[r.Node]
		index, target, ok := c.slot(r, n)
		var f *fault
		nodeDown := r.Reason == workload.NodeNotReady && (n == nil || !n.ready())
		if !r.Ready && !r.Terminating && !nodeDown {
			f = &fault{reason: r.Reason, started: r.Started, unplaced: r.Node == ""}
		}
		switch {
		case r.Node == "" && !here:
			continue
		case !ok && f != nil:
			c.surplus = append(c.surplus, r)
			continue
		case !ok:
			continue
		case f != nil && (n == nil && !f.unplaced || c.fixedIndex()):
			c.addFault(index, f)
		}
		if n == nil && r.Node != "" {
			continue
		}
		p := l.add(c, index, 1, target, f)
		p.object.Name, p.object.UID = r.Name, types.UID(c.Workload.Kind+"/"+p.object.Namespace+"/"+r.Name)
		if n == nil {
			l.volumes.bindImmediate(p)
			continue
		}
		p.running = true
		if err := l.bind(p, n); err != nil {
			return fmt.Errorf("binding running pod %s to its node %s: %w", p.key(), r.Node, err)
		}
		if r.Terminating {
			if err := l.terminate(p, "Terminating already"); err != nil {
				return err
			}
		}
	}
	return nil
}

// runsHere reports whether a running pod of the input is on one of the nodes.
func (n *nodes) runsHere(all []*Controller) bool {
	return slices.ContainsFunc(all, func(c *Controller) bool {
		return slices.ContainsFunc(c.Workload.Running, func(r workload.Running) bool { return n.byName[r.Node] != nil })
	})
}

// slot returns the index of a running pod, and the target node for a pod of a DaemonSet. ok is false if the workload
// should have no such pod.
func (c *Controller) slot(r workload.Running, n *Node) (index int, target *Node, ok bool) {
	switch c.Workload.Kind {
	case workload.StatefulSet, workload.Pods:
		return r.Ordinal, nil, r.Ordinal >= 0 && r.Ordinal < c.replicas
	case workload.DaemonSet:
		if n == nil {
			return 0, nil, false
		}
		i, ok := c.nodeIndex(n)
		return i, n, ok && !slices.ContainsFunc(n.pods, func(p *Pod) bool { return p.controller == c })
	}
	return c.created, nil, c.created < c.replicas
}
