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

// Nominate reserves capacity for a pod on the node in its status.nominatedNodeName. The pod must have a UID.
func (s *Scheduler) Nominate(pod *corev1.Pod) {
	s.listers.ensureNamespace(pod)
	info, _ := framework.NewPodInfo(pod) // affinity terms with errors are ignored, as by kube-scheduler
	node := pod.Status.NominatedNodeName
	s.nominated.byNode[node] = append(s.nominated.byNode[node], info)
}

// Withdraw ends a nomination: the pod must have the same UID and nominated node.
func (s *Scheduler) Withdraw(pod *corev1.Pod) {
	node := pod.Status.NominatedNodeName
	left := slices.DeleteFunc(slices.Clone(s.nominated.byNode[node]), func(p fwk.PodInfo) bool { return p.GetPod().UID == pod.UID })
	if len(left) == 0 {
		delete(s.nominated.byNode, node)
		return
	}
	s.nominated.byNode[node] = left
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
