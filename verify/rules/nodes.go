package rules

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// ground is the nodes that workloads are to live on. What rules ask of them is worked out once.
type ground struct {
	cluster.Cluster
	// eligible lists the nodes that a workload's pods may be on: they have the labels that the pods ask for, and no taint
	// that keeps them away.
	eligible func(*workload.Workload) []*corev1.Node
	// rooms lists what limits how many pods of a workload there can be.
	rooms func(*workload.Workload) []room
	// domains lists the values of a label of all nodes, in order.
	domains func(key string) []string
}

func newGround(s *workload.System, c cluster.Cluster) *ground {
	g := &ground{Cluster: c}
	g.eligible = once(g.accepting)
	g.rooms = once(func(w *workload.Workload) []room { return g.limits(s, w) })
	g.domains = once(func(key string) []string {
		values, _ := domains(c.Nodes, key)
		return values
	})
	return g
}

// once remembers what a function says of each thing.
func once[K comparable, V any](of func(K) V) func(K) V {
	known := map[K]V{}
	return func(k K) V {
		v, is := known[k]
		if !is {
			v = of(k)
			known[k] = v
		}
		return v
	}
}

func (g *ground) accepting(w *workload.Workload) []*corev1.Node {
	pod := w.Pod(0, 1)
	wants := nodeaffinity.GetRequiredNodeAffinity(pod)
	var all []*corev1.Node
	for _, n := range g.Nodes {
		if matches, err := wants.Match(n); err == nil && matches && tolerates(pod, n) {
			all = append(all, n)
		}
	}
	return all
}

// tolerates tells whether a pod may be on a node for all its taints.
func tolerates(pod *corev1.Pod, n *corev1.Node) bool { return untolerated(pod, n) == nil }

// untolerated is the first taint that keeps a pod off a node, nil if none does. Those that Kubernetes gives a node for the
// state it is in, not ready or cordoned, do not count: they go again.
func untolerated(pod *corev1.Pod, n *corev1.Node) *corev1.Taint {
	taint, is := corev1helpers.FindMatchingUntoleratedTaint(klog.Background(), n.Spec.Taints, pod.Spec.Tolerations, func(t *corev1.Taint) bool {
		state := strings.HasPrefix(t.Key, "node.kubernetes.io/") || strings.HasPrefix(t.Key, "node.cloudprovider.kubernetes.io/")
		return !state && (t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute)
	}, false)
	if !is {
		return nil
	}
	return &taint
}

// domains lists the values of a label of nodes, in order; all tells whether each node has it.
func domains(nodes []*corev1.Node, key string) (values []string, all bool) {
	found := map[string]bool{}
	all = true
	for _, n := range nodes {
		value, has := n.Labels[key]
		all = all && has
		if has {
			found[value] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), all
}
