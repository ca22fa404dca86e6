package scheduler

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// nominated are pods that wait for room which others make for them, by the node: it is kept for them from pods that count
// no more than they do, as by kube-scheduler (RunFilterPluginsWithNominatedPods in pkg/scheduler/framework/runtime).
type nominated struct {
	fwk.PodNominator // nobody asks for more than this
	on               map[string][]fwk.PodInfo
}

func newNominated() nominated { return nominated{on: map[string][]fwk.PodInfo{}} }

// NominatedPodsForNode lists them for a node.
func (n nominated) NominatedPodsForNode(node string) []fwk.PodInfo { return n.on[node] }

// Nominate keeps room for a pod on the node that its status nominates. The pod must have a UID.
func (s *Scheduler) Nominate(pod *corev1.Pod) {
	s.listers.meet(pod)
	// Terms that cannot be read count for nothing, as in the scheduler.
	info, _ := framework.NewPodInfo(pod)
	on := s.nominated.on
	on[pod.Status.NominatedNodeName] = append(on[pod.Status.NominatedNodeName], info)
}

// Withdraw keeps no room for a pod any more, on the node that its status nominates.
func (s *Scheduler) Withdraw(pod *corev1.Pod) {
	node := pod.Status.NominatedNodeName
	left := slices.DeleteFunc(slices.Clone(s.nominated.on[node]), func(p fwk.PodInfo) bool { return p.GetPod().UID == pod.UID })
	if len(left) == 0 {
		delete(s.nominated.on, node)
		return
	}
	s.nominated.on[node] = left
}

// nodes are those on which room is kept, in order.
func (n nominated) nodes(of *nodes) []*node {
	var list []*node
	for _, name := range slices.Sorted(maps.Keys(n.on)) {
		if one := of.byName[name]; one != nil {
			list = append(list, one)
		}
	}
	return list
}
