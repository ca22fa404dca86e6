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

// nodes is what the plugins see of a cluster. The scheduler's own snapshot is made anew for each change; this one changes.
type nodes struct {
	list   []fwk.NodeInfo // in the order of the names
	byName map[string]*framework.NodeInfo
	// with and against are the nodes with pods that have affinity terms, and required anti-affinity terms: the plugins look
	// at all of them for each pod.
	with, against []fwk.NodeInfo
	stale         bool
}

var _ fwk.SharedLister = (*nodes)(nil)

func newNodes(all []*corev1.Node) *nodes {
	n := &nodes{byName: map[string]*framework.NodeInfo{}}
	for _, node := range all {
		info := framework.NewNodeInfo()
		info.SetNode(node)
		n.byName[node.Name] = info
		n.list = append(n.list, info)
	}
	return n
}

// set puts in a node, or another state of it; the pods on it stay.
func (n *nodes) set(node *corev1.Node) {
	if info := n.byName[node.Name]; info != nil {
		info.SetNode(node)
		return
	}
	info := framework.NewNodeInfo()
	info.SetNode(node)
	n.byName[node.Name] = info
	at, _ := slices.BinarySearchFunc(n.list, node.Name, func(i fwk.NodeInfo, name string) int { return strings.Compare(i.Node().Name, name) })
	n.list = slices.Insert(n.list, at, fwk.NodeInfo(info))
}

// remove takes a node out, with the pods on it.
func (n *nodes) remove(name string) {
	delete(n.byName, name)
	n.list = slices.DeleteFunc(n.list, func(i fwk.NodeInfo) bool { return i.Node().Name == name })
	n.stale = true
}

func (n *nodes) addPod(pod *corev1.Pod) error {
	info := n.byName[pod.Spec.NodeName]
	if info == nil {
		return fmt.Errorf("pod %s/%s is on node %q, which is not there", pod.Namespace, pod.Name, pod.Spec.NodeName)
	}
	info.AddPod(pod)
	n.stale = n.stale || pod.Spec.Affinity != nil
	return nil
}

func (n *nodes) removePod(pod *corev1.Pod) error {
	info := n.byName[pod.Spec.NodeName]
	if info == nil {
		return fmt.Errorf("pod %s/%s is on node %q, which is not there", pod.Namespace, pod.Name, pod.Spec.NodeName)
	}
	n.stale = n.stale || pod.Spec.Affinity != nil
	return info.RemovePod(klog.Background(), pod)
}

// refresh makes the two lists that depend on pods.
func (n *nodes) refresh() {
	if !n.stale {
		return
	}
	n.stale, n.with, n.against = false, n.with[:0], n.against[:0]
	for _, info := range n.list {
		if len(info.GetPodsWithAffinity()) > 0 {
			n.with = append(n.with, info)
		}
		if len(info.GetPodsWithRequiredAntiAffinity()) > 0 {
			n.against = append(n.against, info)
		}
	}
}

func (n *nodes) NodeInfos() fwk.NodeInfoLister           { return n }
func (n *nodes) StorageInfos() fwk.StorageInfoLister     { return n }
func (n *nodes) PodGroupStates() fwk.PodGroupStateLister { return noGroups{} }

func (n *nodes) List() ([]fwk.NodeInfo, error) { return n.list, nil }

func (n *nodes) HavePodsWithAffinityList() ([]fwk.NodeInfo, error) {
	n.refresh()
	return n.with, nil
}

func (n *nodes) HavePodsWithRequiredAntiAffinityList() ([]fwk.NodeInfo, error) {
	n.refresh()
	return n.against, nil
}

// Get finds a node by its name.
func (n *nodes) Get(name string) (fwk.NodeInfo, error) {
	if info := n.byName[name]; info != nil {
		return info, nil
	}
	return nil, fmt.Errorf("there is no node %q", name)
}

// noGroups: pods that are placed together or not at all are not known here.
type noGroups struct{}

func (noGroups) Get(namespace, name string) (fwk.PodGroupState, error) {
	return nil, fmt.Errorf("there is no pod group %s/%s", namespace, name)
}

// IsPVCUsedByPods is for claims that one pod alone may use.
func (n *nodes) IsPVCUsedByPods(key string) bool {
	return slices.ContainsFunc(n.list, func(info fwk.NodeInfo) bool { return info.GetPVCRefCounts()[key] > 0 })
}
