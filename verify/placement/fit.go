package placement

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelpers "k8s.io/component-helpers/resource"
	schedulinghelpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// Fit compares the requirements of a pod with nodes.
type Fit struct {
	// Requests are the positive resource requests of the pod.
	Requests corev1.ResourceList
	// Ports are the host ports of the pod.
	Ports []HostPort

	pod      *corev1.Pod
	affinity nodeaffinity.RequiredNodeAffinity
	names    []corev1.ResourceName // of Requests, sorted
}

// NewFit reads the requirements of a pod.
func NewFit(pod *corev1.Pod) Fit {
	f := Fit{pod: pod, affinity: nodeaffinity.GetRequiredNodeAffinity(pod), Ports: hostPorts(&pod.Spec)}
	f.Requests = resourcehelpers.PodRequests(pod, resourcehelpers.PodResourcesOptions{})
	maps.DeleteFunc(f.Requests, func(_ corev1.ResourceName, q resource.Quantity) bool { return q.Sign() <= 0 })
	f.names = slices.Sorted(maps.Keys(f.Requests))
	return f
}

// Selects reports whether the node selector and the required node affinity of the pod match a node.
func (f Fit) Selects(n *corev1.Node) bool {
	ok, err := f.affinity.Match(n)
	return ok && err == nil
}

// Untolerated returns the first taint of a node that the pod does not tolerate, of those that keepsOff selects; nil if there
// is none.
func (f Fit) Untolerated(n *corev1.Node, keepsOff func(*corev1.Taint) bool) *corev1.Taint {
	if len(n.Spec.Taints) == 0 {
		return nil
	}
	taint, ok := schedulinghelpers.FindMatchingUntoleratedTaint(klog.Background(), n.Spec.Taints, f.pod.Spec.Tolerations, keepsOff, false)
	if !ok {
		return nil
	}
	return &taint
}

// KeepsOff reports whether a taint keeps pods without a toleration off a node: its effect is NoSchedule or NoExecute.
func KeepsOff(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
}

// KeepsOffAlways is KeepsOff without the taints that Kubernetes sets for the condition of a node, such as not-ready or
// unschedulable: these are temporary.
func KeepsOffAlways(t *corev1.Taint) bool {
	condition := strings.HasPrefix(t.Key, "node.kubernetes.io/") || strings.HasPrefix(t.Key, "node.cloudprovider.kubernetes.io/")
	return KeepsOff(t) && !condition
}

// toleratesCordon reports whether the node is not cordoned or the pod tolerates the cordon.
func (f Fit) toleratesCordon(n *corev1.Node) bool {
	cordon := corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
	return !n.Spec.Unschedulable || schedulinghelpers.TolerationsTolerateTaint(klog.Background(), f.pod.Spec.Tolerations, &cordon, false)
}

// namesOther reports whether spec.nodeName of the pod is another node.
func (f Fit) namesOther(n *corev1.Node) bool {
	return f.pod.Spec.NodeName != "" && f.pod.Spec.NodeName != n.Name
}

// Accepts reports whether the node accepts the pod if it has the capacity: by node selector, node affinity, taints, cordon and
// nodeName.
func (f Fit) Accepts(n *corev1.Node) bool {
	return f.toleratesCordon(n) && f.Selects(n) && f.Untolerated(n, KeepsOff) == nil && !f.namesOther(n)
}

// HostPortLimit is the limit that [Fit.Capacity] returns for a host port.
const HostPortLimit = "host port"

// Capacity returns the number of such pods that an empty node can hold, and the resource that limits it, or HostPortLimit.
func (f Fit) Capacity(n *corev1.Node) (pods int, limit string) {
	most := n.Status.Allocatable.Pods().Value()
	limit = string(corev1.ResourcePods)
	for _, name := range f.names {
		allocatable, request := n.Status.Allocatable[name], f.Requests[name]
		fits := allocatable.Value() / request.Value()
		if name == corev1.ResourceCPU {
			fits = allocatable.MilliValue() / request.MilliValue()
		}
		if fits < most {
			most, limit = fits, string(name)
		}
	}
	if len(f.Ports) > 0 && most > 1 {
		return 1, HostPortLimit
	}
	return int(most), limit
}

// HostPort is a host port of a container.
type HostPort struct {
	corev1.ContainerPort
	// Path is its position in the pod, for example spec, containers, 0, ports, 0.
	Path []string
}

// hostPorts lists the host ports of sidecars and containers. With hostNetwork, every declared port is a host port
// (defaultHostNetworkPorts in pkg/apis/core/v1).
func hostPorts(spec *corev1.PodSpec) []HostPort {
	var all []HostPort
	add := func(c *corev1.Container, path ...string) {
		for i, p := range c.Ports {
			if spec.HostNetwork {
				p.HostPort = p.ContainerPort
			}
			if p.HostPort > 0 {
				all = append(all, HostPort{p, slices.Concat(path, []string{"ports", strconv.Itoa(i)})})
			}
		}
	}
	for i := range spec.InitContainers {
		if c := &spec.InitContainers[i]; c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			add(c, "spec", "initContainers", strconv.Itoa(i))
		}
	}
	for i := range spec.Containers {
		add(&spec.Containers[i], "spec", "containers", strconv.Itoa(i))
	}
	return all
}
