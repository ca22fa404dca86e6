package scheduler

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

// nodes is a cluster that changes. The scheduler's own snapshot would be built anew for each change.
type nodes struct {
	list       []*node // sorted by name
	byName     map[string]*node
	labels     *uniqueLabels
	signatures *signatures
	// classes has all nodes but those in changed, which are classified when the classes are read.
	classes nodeClasses
	changed []*node
	// priorities counts the pods by priority.
	priorities map[int32]int
}

func newNodes(all []*corev1.Node) *nodes {
	n := &nodes{byName: map[string]*node{}, labels: newUniqueLabels(), signatures: newSignatures(), classes: newNodeClasses(), priorities: map[int32]int{}}
	for _, one := range all {
		n.set(one)
	}
	return n
}

// set adds a node or replaces its API object. Its pods stay.
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
	one.facts = ""
	n.change(one)
	n.relabel(before, object.Labels)
}

// relabel counts the labels of a changed node. When other labels are unique now, the facts of all nodes change.
func (n *nodes) relabel(before, now map[string]string) {
	if !n.labels.replace(before, now) {
		return
	}
	for _, one := range n.list {
		one.facts = ""
		n.change(one)
	}
}

// remove removes a node with its pods.
func (n *nodes) remove(name string) {
	one := n.byName[name]
	if one == nil {
		return
	}
	for _, p := range one.info.GetPods() {
		n.signatures.remove(p.GetPod(), one)
		n.count(p.GetPod(), -1)
	}
	delete(n.byName, name)
	at, _ := n.find(name)
	n.list = slices.Delete(n.list, at, at+1)
	n.classes.leave(one)
	n.changed = slices.DeleteFunc(n.changed, func(other *node) bool { return other == one })
	n.relabel(one.info.Node().Labels, nil)
}

// find returns the position of a node in the list, or the position at which to insert it.
func (n *nodes) find(name string) (int, bool) {
	return slices.BinarySearchFunc(n.list, name, func(one *node, name string) int { return strings.Compare(one.name(), name) })
}

func (n *nodes) change(one *node) {
	if !one.changed {
		one.changed = true
		n.changed = append(n.changed, one)
	}
}

func (n *nodes) addPod(pod *corev1.Pod, namespaces placement.Namespaces) error {
	one, err := n.of(pod)
	if err != nil {
		return err
	}
	one.info.AddPod(pod)
	n.signatures.add(pod, one, namespaces)
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
	added := one.info.Pods[at].GetPod() // the object that was added: the one passed may differ
	if err := one.info.RemovePod(klog.Background(), added); err != nil {
		return err
	}
	n.signatures.remove(added, one)
	n.count(added, -1)
	n.change(one)
	return nil
}

func (n *nodes) of(pod *corev1.Pod) (*node, error) {
	if one := n.byName[pod.Spec.NodeName]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("pod %s/%s: unknown node %q", pod.Namespace, pod.Name, pod.Spec.NodeName)
}

func (n *nodes) count(pod *corev1.Pod, by int) {
	p := priority(pod)
	if n.priorities[p] += by; n.priorities[p] == 0 {
		delete(n.priorities, p)
	}
}

// havePriorityBelow reports whether there is a pod of a lower priority.
func (n *nodes) havePriorityBelow(p int32) bool {
	for has := range n.priorities {
		if has < p {
			return true
		}
	}
	return false
}

// classify moves the changed nodes into their classes.
func (n *nodes) classify() {
	for _, one := range n.changed {
		one.changed = false
		if one.facts == "" {
			one.facts = factsOf(one.info, n.labels)
		}
		n.classes.join(one, classKeyOf(one))
	}
	n.changed = n.changed[:0]
}
