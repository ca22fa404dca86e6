package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Node is a node and the pods on it, in the order in which they came.
type Node struct {
	object *corev1.Node
	pods   []*Pod
	// failed: the node has no power.
	failed bool
}

// Name returns the name of the node.
func (n *Node) Name() string { return n.object.Name }

// Object returns the API object of the node as it is now. Callers must not change it.
func (n *Node) Object() *corev1.Node { return n.object }

// Failed reports whether the node has no power.
func (n *Node) Failed() bool { return n.failed }

// Pods returns the pods on the node. Callers must not change the list.
func (n *Node) Pods() []*Pod { return n.pods }

// state is the state of a pod. See lifecycle for the transitions.
type state int

const (
	pending     state = iota // no node
	starting                 // on a node and not Ready: its containers start, or it waits for a volume
	failing                  // on a node, its containers have started, and not Ready: it has a fault, or it is not the leader
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
	// mounts are its persistent volumes.
	mounts []storage.Mount
	node   *Node
	state  state
	// due is when the state ends by itself, Never if it does not.
	due time.Duration
	// unschedulable is why no node accepts the pod; tried is the version of the queue at the last attempt.
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
	// fault is why the pod does not become Ready, nil if it does.
	fault *fault
	// ignored: quotas count only the object of the pod.
	ignored bool
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

// Unmanaged reports whether kubectl drain evicts the pod only with --force.
func (p *Pod) Unmanaged() bool {
	w := p.controller.Workload
	return w.Kind == workload.Pod && (w.Object.Controller == nil || w.Object.Controller.Kind == workload.DaemonSet)
}

// Object returns the API object of the pod as it is now. Callers must not change it.
func (p *Pod) Object() *corev1.Pod { return p.object }

// Signature is equal for pods that are interchangeable now: those of one revision of a workload in the same state until
// the same time. Pods whose name matters are interchangeable with none.
func (p *Pod) Signature() string {
	name := ""
	if p.controller.Workload.FixedNames() || p.attachWait != nil { // the first pod that waits for a volume gets it
		name = p.Name()
	}
	return fmt.Sprintf("%d %d %s %d %d", p.controller.Index, p.revision, name, p.state, p.due)
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

// Controller is the controller of a workload, with its pods and their desired number.
type Controller struct {
	Workload *workload.Workload
	// Index is the position of the workload in the system.
	Index int

	// group are the controllers of the workload's group, nil without one.
	group map[*workload.Workload]*Controller
	// zones is the number of Ready pods in each zone in the steady state, if the workload keeps its copies in different zones.
	zones map[string]int
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
	// faults are those of the running pods. surplus are the running pods beyond the replicas that are not Ready, like those of a
	// rollout that does not end.
	faults faults
	// admission is what the API server checks for new pods. refused is why it accepted none the last time, "" if it did.
	admission admissionFacts
	refused   string
	surplus   []workload.Running

	// grace is how long a pod takes to terminate, start to become Ready, minReady from Ready to available.
	grace, start, minReady time.Duration
	priority               int32
	// uniform is set if all pods of a revision fit on the same nodes, because none has a volume or a node of its own.
	uniform bool
	// attracting are the placement constraints by which a pod that is bound or terminates may let a pod of this
	// controller fit elsewhere: required spread and affinity. Other constraints only take capacity, until the pod is
	// gone.
	attracting []placement.Constraint
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

// expectedPods returns the number of pods that the disruption controller expects: the replicas of a Deployment, or those of the
// ReplicaSets if something other than a Deployment owns them (getPodDeployment and getPodReplicaSet in
// pkg/controller/disruption/disruption.go).
func (c *Controller) expectedPods() int {
	if c.Workload.Kind == workload.Deployment && c.Workload.HashLabel != appsv1.DefaultDeploymentUniqueLabelKey {
		return c.oldReplicas + c.newReplicas
	}
	return c.replicas
}

// Members returns the desired number of pods that replicate together: those of the workload, or of its group.
func (c *Controller) Members() int {
	if c.group == nil {
		return c.Replicas()
	}
	return c.Workload.Group.Pods(func(w *workload.Workload) int { return c.group[w].Replicas() })
}

// Needs returns how many of the members must serve.
func (c *Controller) Needs() int {
	if c.group == nil {
		return c.Workload.Replication.Needs(c.Replicas())
	}
	return c.Workload.Group.Needs(c.Members())
}

// Serving returns how many of the members serve: the Ready pods. Where copies are kept in different zones, all missing pods of one
// zone count as one, unless a majority is missing as well. While a rollout restarts the active pod, none serves.
func (c *Controller) Serving() int {
	if c.group != nil {
		return c.Workload.Group.Ready(func(w *workload.Workload) int { return c.group[w].ready })
	}
	if c.restartsActive() {
		return 0
	}
	n, r := c.Replicas(), c.Workload.Replication
	if c.Workload.CountsRunning() {
		return c.running()
	}
	if missing := n - c.ready; r.Zones > 0 && len(c.zones) >= r.Zones && missing > 1 && (r.Model != workload.Quorum || c.ready > n/2) {
		return n - min(missing, c.shortZones())
	}
	return c.ready
}

// restartsActive reports whether a rollout replaces the active pod, no other pod takes over, and the new one is not Ready yet. A
// rollout replaces the pod with index 0 last, so that one is active.
func (c *Controller) restartsActive() bool {
	if c.Workload.RestartsActive == "" || c.revision == 1 {
		return false
	}
	i := slices.IndexFunc(c.pods, func(p *Pod) bool { return p.index == 0 && (p.revision == c.revision || p.active()) })
	return i < 0 || c.pods[i].revision == c.revision && c.pods[i].state != ready
}

// shortZones returns the number of zones with fewer Ready pods than in the steady state, plus that of pods without a zone.
func (c *Controller) shortZones() int {
	now := map[string]int{}
	for _, p := range c.pods {
		if p.state == ready {
			now[p.zone()]++
		}
	}
	short := c.Replicas()
	for zone, pods := range c.zones {
		short -= pods
		if now[zone] < pods {
			short++
		}
	}
	return short
}

// zone returns the zone of the pod's node, "" without one.
func (p *Pod) zone() string {
	if p.node == nil {
		return ""
	}
	return p.node.object.Labels[cluster.ZoneLabel]
}

// noteZones notes how many Ready pods are in each zone, for a workload whose copies are kept in different zones.
func (c *Controller) noteZones() {
	if c.Workload.Replication.Zones == 0 {
		return
	}
	c.zones = map[string]int{}
	for _, p := range c.pods {
		if zone := p.zone(); p.state == ready && zone != "" {
			c.zones[zone]++
		}
	}
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

// daemonPods are the pods of a DaemonSet on a node: one of the old revision, one of the new, and any Terminating ones.
type daemonPods struct {
	old, updated *Pod
	terminating  bool
}

// budget is a PodDisruptionBudget and the pods that it selects, in any state.
type budget struct {
	*workload.Budget
	pods []*Pod
}

// attachWait is why a pod on a node waits for a volume: another pod uses it.
type attachWait struct {
	mount *storage.Mount
	user  *Pod
}

// setGroups sets the group of each controller.
func setGroups(all []*Controller) {
	groups := map[*workload.Group]map[*workload.Workload]*Controller{}
	for _, c := range all {
		g := c.Workload.Group
		if g == nil {
			continue
		}
		if groups[g] == nil {
			groups[g] = map[*workload.Workload]*Controller{}
		}
		groups[g][c.Workload] = c
		c.group = groups[g]
	}
}
