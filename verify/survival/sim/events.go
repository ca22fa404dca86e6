package sim

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// unreachableTaints are the taints of a node that has failed.
var unreachableTaints = []corev1.Taint{
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute},
}

// FailNodes cuts the power of nodes. Their pods are Unreachable at once, and marked for deletion when the node is
// detected as failed and their tolerations of the taint unreachable end. When no node is left, the control plane
// assumes that it is itself disconnected and marks none. Nodes that have failed before stay as they are.
func (c *Cluster) FailNodes(failed []*Node) {
	failed = slices.DeleteFunc(slices.Clone(failed), (*Node).Failed)
	for _, n := range failed {
		object := n.object.DeepCopy()
		object.Spec.Taints = append(object.Spec.Taints, unreachableTaints...)
		c.nodes.update(n, object)
		set(c.journal, &n.failed, true)
	}
	set(c.journal, &c.nodes.failed, c.nodes.failed+len(failed))
	for _, d := range c.controllers {
		if d.Workload.Kind == workload.DaemonSet {
			c.countDaemonNodes(d, failed, 1)
		}
	}
	turn := map[string]time.Duration{} // nodes of one zone are evicted one after the other
	for _, n := range failed {
		zone := n.object.Labels[corev1.LabelTopologyZone]
		for _, p := range n.pods {
			due := Never
			if after, ends := placement.UnreachableToleration(&p.object.Spec); ends && c.nodes.failed < len(c.nodes.list) {
				due = c.clock.now + c.detection + turn[zone] + after
			}
			c.lifecycle.markUnreachable(p, due)
		}
		turn[zone] += EvictionPeriod
	}
}

// countDaemonNodes adds a number to the failed nodes of a DaemonSet for each of some nodes that it has.
func (c *Cluster) countDaemonNodes(d *Controller, nodes []*Node, each int) {
	n := 0
	for _, one := range nodes {
		if _, ok := d.nodeIndex(one); ok {
			n += each
		}
	}
	if n != 0 {
		c.observer.activate(d)
		set(c.journal, &d.failedNodes, d.failedNodes+n)
	}
}

// Drain cordons a node and begins to evict its pods. Nodes of several calls are drained at the same time.
func (c *Cluster) Drain(n *Node) {
	cordoned := n.object.DeepCopy()
	cordoned.Spec.Unschedulable = true
	c.nodes.update(n, taintCordoned(cordoned))
	c.drain.begin(n)
}

// ForceDrains makes all drains evict unmanaged pods, as "kubectl drain --force" does.
func (c *Cluster) ForceDrains() { c.drain.force = true }

// Uncordon ends all drains and makes nodes schedulable.
func (c *Cluster) Uncordon(nodes []*Node) {
	c.drain.end()
	for _, n := range nodes {
		object := n.object.DeepCopy()
		object.Spec.Unschedulable = false
		object.Spec.Taints = withoutTaints(object.Spec.Taints, corev1.TaintNodeUnschedulable)
		c.nodes.update(n, object)
	}
}

// RestoreNodes returns the power to nodes that FailNodes has failed. Their pods start again, and those that were marked for deletion
// are gone.
func (c *Cluster) RestoreNodes(restored []*Node) {
	for _, n := range restored {
		object := n.object.DeepCopy()
		object.Spec.Taints = withoutTaints(object.Spec.Taints, corev1.TaintNodeUnreachable)
		c.nodes.update(n, object)
		set(c.journal, &n.failed, false)
	}
	set(c.journal, &c.nodes.failed, c.nodes.failed-len(restored))
	for _, d := range c.controllers {
		if d.Workload.Kind == workload.DaemonSet {
			c.countDaemonNodes(d, restored, -1)
		}
	}
	for _, n := range restored {
		for _, p := range n.pods {
			switch {
			case p.state == terminating:
				c.lifecycle.setState(p, terminating, c.clock.now)
			case p.attachWait != nil:
				c.lifecycle.setState(p, starting, Never)
			default:
				c.lifecycle.start(p)
			}
		}
	}
}

func withoutTaints(taints []corev1.Taint, key string) []corev1.Taint {
	return slices.DeleteFunc(taints, func(t corev1.Taint) bool { return t.Key == key })
}

// DrainBlocker returns why the drain has not ended, "" if it has. Drain must have been called.
func (c *Cluster) DrainBlocker() string { return c.drain.blocker() }

// DrainBlockers returns the workloads that keep the drain from ending. Drain must have been called.
func (c *Cluster) DrainBlockers() []*workload.Workload { return c.drain.blockers() }

// Rollout changes the pod template of a workload.
func (c *Cluster) Rollout(w *Controller) {
	c.observer.activate(w)
	set(c.journal, &w.revision, 2)
}

// Scale sets the replicas of a workload.
func (c *Cluster) Scale(w *Controller, replicas int) {
	c.observer.activate(w)
	set(c.journal, &w.replicas, replicas)
}
