package guarantee

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	schedulinghelper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// fit tells which nodes take a pod, and how many such pods one of them holds.
type fit struct {
	pod      *corev1.Pod
	affinity nodeaffinity.RequiredNodeAffinity
	requests corev1.ResourceList
	// names are those of the requests, in order.
	names []corev1.ResourceName
	port  int32
}

func newFit(pod *corev1.Pod) fit {
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	maps.DeleteFunc(requests, func(_ corev1.ResourceName, ask resource.Quantity) bool { return ask.Sign() <= 0 })
	return fit{pod, nodeaffinity.GetRequiredNodeAffinity(pod), requests, slices.Sorted(maps.Keys(requests)), hostPort(pod)}
}

// hostPort is a port of the node that the pod takes, 0 if it takes none.
func hostPort(pod *corev1.Pod) int32 {
	containers := slices.Clone(pod.Spec.Containers)
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	for _, c := range containers {
		for _, port := range c.Ports {
			if port.HostPort > 0 {
				return port.HostPort
			}
		}
	}
	return 0
}

// selects tells whether the pod's node selector and node affinity take a node.
func (f fit) selects(n *corev1.Node) bool {
	match, err := f.affinity.Match(n)
	return err == nil && match
}

// tolerates tells whether no taint keeps the pod off a node.
func (f fit) tolerates(n *corev1.Node) bool {
	if len(n.Spec.Taints) == 0 {
		return true
	}
	_, refused := schedulinghelper.FindMatchingUntoleratedTaint(klog.Background(), n.Spec.Taints, f.pod.Spec.Tolerations, func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	}, false)
	return !refused
}

// takes tells whether the pod may be on a node at all.
func (f fit) takes(n *corev1.Node) bool {
	if n.Spec.Unschedulable {
		cordon := corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
		if !schedulinghelper.TolerationsTolerateTaint(klog.Background(), f.pod.Spec.Tolerations, &cordon, false) {
			return false
		}
	}
	return f.selects(n) && f.tolerates(n) && (f.pod.Spec.NodeName == "" || f.pod.Spec.NodeName == n.Name)
}

// room is how many such pods a node holds if nothing else runs on it, and what is used up then.
func (f fit) room(n *corev1.Node) (int, string) {
	pods, why := n.Status.Allocatable.Pods().Value(), "pods"
	for _, name := range f.names {
		has, ask := n.Status.Allocatable[name], f.requests[name]
		fits := has.Value() / ask.Value()
		if name == corev1.ResourceCPU {
			fits = has.MilliValue() / ask.MilliValue()
		}
		if fits < pods {
			pods, why = fits, string(name)
		}
	}
	if f.port != 0 && pods > 1 {
		return 1, fmt.Sprintf("host port %d: one a node", f.port)
	}
	return int(pods), fmt.Sprintf("a node has room for %d by its %s", pods, why)
}
