package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Controller is the state of the controller of a workload: its pods, and how many it should have.
type Controller struct {
	Workload *workload.Workload
	// Index is the position of the workload in the system.
	Index int

	// pods are all pods that the API server has; ready counts those that are Ready, created all that ever existed.
	pods           []*Pod
	ready, created int
	// replicas is the desired number of pods, revision that of the template: 1 until a rollout.
	replicas, revision int
	// oldReplicas and newReplicas are the desired numbers of pods of the two ReplicaSets of a Deployment.
	oldReplicas, newReplicas int
	// nodes are the nodes of a DaemonSet, sorted by name; failedNodes counts those that have failed.
	nodes       []*Node
	failedNodes int
	perNode     []daemonPods

	reconcile reconciler
	// grace is how long a pod takes to terminate, start to become Ready, minReady from Ready to available.
	grace, start, minReady time.Duration
	priority               int32
	// uniform: when a pod fits on no node, no other pod of the revision does, as none has a volume or a node of its own.
	uniform bool
	// attracting are the placement constraints by which a pod that comes or goes may let a pod of this controller fit
	// elsewhere: required spread and affinity. Other constraints only take capacity, until the pod is gone.
	attracting []placement.Constraint
	// observation is what the scenario did to the workload, nil while it did nothing.
	observation *Observation
}

// newController returns the controller of a workload without pods.
func newController(index int, w *workload.Workload, n *nodes, namespaces placement.Namespaces) *Controller {
	pod := w.Pod(0, 1)
	c := &Controller{
		Workload: w, Index: index, replicas: w.Replicas, revision: 1, oldReplicas: w.Replicas, reconcile: reconcilers[w.Kind],
		start: startDuration(&pod.Spec), grace: gracePeriod(&pod.Spec), minReady: w.MinReady,
		uniform: w.Kind != workload.DaemonSet && len(w.Claims) == 0,
	}
	if pod.Spec.Priority != nil {
		c.priority = *pod.Spec.Priority
	}
	// As in the template: without the labels of a revision.
	template := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Labels: w.Template.Labels}, Spec: w.Template.Spec}
	for _, constraint := range placement.Constraints(template, namespaces) {
		if constraint.Required && constraint.Kind != placement.AntiAffinity {
			c.attracting = append(c.attracting, constraint)
		}
	}
	if w.Kind == workload.DaemonSet {
		fit := placement.NewFit(pod)
		c.nodes = slices.Clone(n.list)
		c.nodes = slices.DeleteFunc(c.nodes, func(n *Node) bool { return !fit.Accepts(n.object) })
	}
	return c
}

// Pods returns all pods that the API server has, terminating ones included. Callers must not change the list.
func (c *Controller) Pods() []*Pod { return c.pods }

// Ready returns the number of Ready pods.
func (c *Controller) Ready() int { return c.ready }

// Replicas returns the desired number of pods. A DaemonSet needs none on a failed node.
func (c *Controller) Replicas() int {
	if c.Workload.Kind == workload.DaemonSet {
		return len(c.nodes) - c.failedNodes
	}
	return c.replicas
}

// Needs returns the number of Ready pods that the workload needs to serve.
func (c *Controller) Needs() int { return c.Workload.Replication.Model.Needs(c.Replicas()) }

// Observation returns what the scenario did to the workload so far.
func (c *Controller) Observation() Observation {
	if c.observation == nil {
		return *newObservation(c)
	}
	return *c.observation
}

// Blockers returns why pods do not start, one sentence for all pods with the same reason.
func (c *Controller) Blockers() []string {
	var first []*Pod
	count := map[string]int{}
	for _, p := range c.pods {
		if p.Blocker() == "" {
			continue
		}
		reason := p.blockerReason()
		if count[reason] == 0 {
			first = append(first, p)
		}
		count[reason]++
	}
	var list []string
	for _, p := range first {
		list = append(list, p.blockerWith(count[p.blockerReason()]-1))
	}
	return list
}

// RolloutBlocker returns why a rollout has not ended, "" if it has. With the strategy OnDelete it ends at once.
func (c *Controller) RolloutBlocker() string {
	if c.Workload.Rollout.Type == "OnDelete" {
		return ""
	}
	updated := 0
	for _, p := range c.pods {
		if p.revision == c.revision && p.available() {
			updated++
		}
	}
	partition := 0
	if c.Workload.Kind == workload.StatefulSet {
		partition = c.Workload.Rollout.Partition
	}
	outdated := func(p *Pod) bool {
		kept := c.Workload.Kind == workload.StatefulSet && p.index < partition
		return p.active() && p.revision != c.revision && !kept && !p.onFailedNode()
	}
	if updated >= max(0, c.Replicas()-partition) && !slices.ContainsFunc(c.pods, outdated) {
		return ""
	}
	for _, p := range c.pods {
		if blocker := p.Blocker(); blocker != "" {
			return blocker
		}
	}
	for _, p := range c.pods {
		if p.onFailedNode() {
			return fmt.Sprintf("pod %s is on failed node %s and counts until the node is removed", p.key(), p.node.Name())
		}
	}
	return "pods are not replaced"
}

// pod returns a new object of a pod, with its owner reference.
func (c *Controller) pod(index, revision int) *corev1.Pod {
	p := c.Workload.Pod(index, revision)
	setOwner(p, c.Workload, revision)
	return p
}

// activePods returns the pods of a revision that are not marked for deletion.
func (c *Controller) activePods(revision int) []*Pod {
	var list []*Pod
	for _, p := range c.pods {
		if p.active() && p.revision == revision {
			list = append(list, p)
		}
	}
	return list
}

// nodeIndex returns the position of a node among those of a DaemonSet.
func (c *Controller) nodeIndex(n *Node) (int, bool) {
	return slices.BinarySearchFunc(c.nodes, n, func(a, b *Node) int { return strings.Compare(a.Name(), b.Name()) })
}
