package scheduler

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// nodes is a cluster that changes. The scheduler's own snapshot is made anew for each change.
type nodes struct {
	list   []*node // in the order of the names
	byName map[string]*node
	labels *ownLabels
	kinds  *kinds
	// classes has all nodes but those in changed, which are put into theirs when that is asked for.
	classes classes
	changed []*node
	// priorities counts the pods by their priority.
	priorities map[int32]int
}

// node is one of them.
type node struct {
	info *framework.NodeInfo
	// shape is all that its API object has to do with pods, but what tells it apart; see shapeOf.
	shape string
	class *class
	// changed: it may be in the wrong class.
	changed bool
	mark    mark
}

func (n *node) name() string { return n.info.Node().Name }

func newNodes(all []*corev1.Node) *nodes {
	n := &nodes{byName: map[string]*node{}, labels: newOwnLabels(), kinds: newKinds(), classes: newClasses(), priorities: map[int32]int{}}
	for _, one := range all {
		n.set(one)
	}
	return n
}

// set puts in a node, or another state of it; the pods on it stay.
func (n *nodes) set(object *corev1.Node) {
	one := n.byName[object.Name]
	var before map[string]string
	if one == nil {
		one = &node{info: framework.NewNodeInfo()}
		n.byName[object.Name] = one
		at, _ := n.find(object.Name)
		n.list = slices.Insert(n.list, at, one)
	} else {
		before = one.info.Node().Labels
	}
	one.info.SetNode(object)
	one.shape = ""
	n.change(one)
	n.relabel(before, object.Labels)
}

// relabel counts the labels of a node that changed. When another label begins or ends to tell nodes apart, all nodes have
// another shape.
func (n *nodes) relabel(before, now map[string]string) {
	if !n.labels.replace(before, now) {
		return
	}
	for _, one := range n.list {
		one.shape = ""
		n.change(one)
	}
}

// remove takes a node out, with the pods on it.
func (n *nodes) remove(name string) {
	one := n.byName[name]
	if one == nil {
		return
	}
	for _, p := range one.info.GetPods() {
		n.kinds.remove(p.GetPod(), one)
		n.count(p.GetPod(), -1)
	}
	delete(n.byName, name)
	at, _ := n.find(name)
	n.list = slices.Delete(n.list, at, at+1)
	n.classes.leave(one)
	n.changed = slices.DeleteFunc(n.changed, func(other *node) bool { return other == one })
	n.relabel(one.info.Node().Labels, nil)
}

// find is where in the list a node of that name is, or would be.
func (n *nodes) find(name string) (int, bool) {
	return slices.BinarySearchFunc(n.list, name, func(one *node, name string) int { return strings.Compare(one.name(), name) })
}

func (n *nodes) change(one *node) {
	if !one.changed {
		one.changed = true
		n.changed = append(n.changed, one)
	}
}

func (n *nodes) addPod(pod *corev1.Pod) error {
	one, err := n.of(pod)
	if err != nil {
		return err
	}
	one.info.AddPod(pod)
	n.kinds.add(pod, one)
	n.count(pod, 1)
	n.change(one)
	return nil
}

func (n *nodes) removePod(pod *corev1.Pod) error {
	one, err := n.of(pod)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(one.info.Pods, func(p fwk.PodInfo) bool { return p.GetPod().UID == pod.UID })
	if at < 0 {
		return fmt.Errorf("pod %s/%s is not on node %s", pod.Namespace, pod.Name, one.name())
	}
	there := one.info.Pods[at].GetPod() // as it was when it came
	if err := one.info.RemovePod(klog.Background(), there); err != nil {
		return err
	}
	n.kinds.remove(there, one)
	n.count(there, -1)
	n.change(one)
	return nil
}

func (n *nodes) of(pod *corev1.Pod) (*node, error) {
	if one := n.byName[pod.Spec.NodeName]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("pod %s/%s is on node %q, which is not there", pod.Namespace, pod.Name, pod.Spec.NodeName)
}

func (n *nodes) count(pod *corev1.Pod, by int) {
	p := priority(pod)
	if n.priorities[p] += by; n.priorities[p] == 0 {
		delete(n.priorities, p)
	}
}

// settle puts the nodes that changed into their classes.
func (n *nodes) settle() {
	for _, one := range n.changed {
		one.changed = false
		if one.shape == "" {
			one.shape = shapeOf(one.info, n.labels)
		}
		n.classes.join(one, signatureOf(one))
	}
	n.changed = n.changed[:0]
}

// lister is what the plugins see of the nodes during one placement: all of them, or those that stand for all.
type lister struct {
	nodes *nodes
	// all, and of these the ones with pods that have affinity terms, and required anti-affinity terms.
	all, with, against []fwk.NodeInfo
}

var _ fwk.SharedLister = (*lister)(nil)

// reset makes an empty list.
func (l *lister) reset() { l.all, l.with, l.against = l.all[:0], l.with[:0], l.against[:0] }

// add lets the plugins see a node.
func (l *lister) add(n *node) {
	l.all = append(l.all, n.info)
	if len(n.info.PodsWithAffinity) > 0 {
		l.with = append(l.with, n.info)
	}
	if len(n.info.PodsWithRequiredAntiAffinity) > 0 {
		l.against = append(l.against, n.info)
	}
}

// showAll lets the plugins see all nodes.
func (l *lister) showAll() {
	l.reset()
	for _, n := range l.nodes.list {
		l.add(n)
	}
}

func (l *lister) NodeInfos() fwk.NodeInfoLister           { return l }
func (l *lister) StorageInfos() fwk.StorageInfoLister     { return l }
func (l *lister) PodGroupStates() fwk.PodGroupStateLister { return noGroups{} }

func (l *lister) List() ([]fwk.NodeInfo, error)                     { return l.all, nil }
func (l *lister) HavePodsWithAffinityList() ([]fwk.NodeInfo, error) { return l.with, nil }
func (l *lister) HavePodsWithRequiredAntiAffinityList() ([]fwk.NodeInfo, error) {
	return l.against, nil
}

// Get finds a node by its name.
func (l *lister) Get(name string) (fwk.NodeInfo, error) {
	if n := l.nodes.byName[name]; n != nil {
		return n.info, nil
	}
	return nil, fmt.Errorf("there is no node %q", name)
}

// IsPVCUsedByPods is for claims that one pod alone may use.
func (l *lister) IsPVCUsedByPods(key string) bool {
	return slices.ContainsFunc(l.nodes.list, func(n *node) bool { return n.info.PVCRefCounts[key] > 0 })
}

// noGroups: pods that are placed together or not at all are not known here.
type noGroups struct{}

func (noGroups) Get(namespace, name string) (fwk.PodGroupState, error) {
	return nil, fmt.Errorf("there is no pod group %s/%s", namespace, name)
}
