package scheduler

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// nominated are the Pending pods with a nominated node, by node. Pods of the same or a lower priority do not get the
// capacity that is reserved for them (RunFilterPluginsWithNominatedPods in pkg/scheduler/framework/runtime).
type nominated struct {
	fwk.PodNominator // nil: the plugins call NominatedPodsForNode alone
	byNode           map[string][]fwk.PodInfo
}

func newNominated() nominated { return nominated{byNode: map[string][]fwk.PodInfo{}} }

// NominatedPodsForNode returns the pods that are nominated for a node.
func (n nominated) NominatedPodsForNode(node string) []fwk.PodInfo { return n.byNode[node] }

// add adds a pod to the node in its status.nominatedNodeName.
func (n nominated) add(pod *corev1.Pod) {
	info, _ := framework.NewPodInfo(pod) // affinity terms with errors are ignored, as by kube-scheduler
	node := pod.Status.NominatedNodeName
	n.byNode[node] = append(n.byNode[node], info)
}

// remove removes the pod with the same UID from its nominated node.
func (n nominated) remove(pod *corev1.Pod) {
	node := pod.Status.NominatedNodeName
	left := slices.DeleteFunc(slices.Clone(n.byNode[node]), func(p fwk.PodInfo) bool { return p.GetPod().UID == pod.UID })
	if len(left) == 0 {
		delete(n.byNode, node)
		return
	}
	n.byNode[node] = left
}

// nodes returns the nodes that are nominated for a pod, sorted by name.
func (n nominated) nodes(all *nodes) []*node {
	var list []*node
	for _, name := range slices.Sorted(maps.Keys(n.byNode)) {
		if one := all.byName[name]; one != nil {
			list = append(list, one)
		}
	}
	return list
}
