package facts

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Nodes are the node facts of a cluster: which nodes are eligible for a workload, and how many of its pods they can hold without
// other pods.
type Nodes struct {
	cluster.Cluster

	system   *System
	eligible func(*workload.Workload) []*corev1.Node
	limits   func(*workload.Workload) []Limit
	values   func(key string) []string
}

// NewNodes returns the node facts of a cluster for the workloads of a system.
func NewNodes(s *System, c cluster.Cluster) *Nodes {
	n := &Nodes{Cluster: c, system: s}
	n.eligible = memoize(n.findEligible)
	n.limits = memoize(n.findLimits)
	n.values = memoize(func(key string) []string {
		values, _ := LabelValues(c.Nodes, key)
		return values
	})
	return n
}

// Eligible returns the nodes that may run the pods of a workload: node selector and node affinity match, and no taint keeps the
// pods off. Taints for the condition of a node, such as not-ready, do not count.
func (n *Nodes) Eligible(w *workload.Workload) []*corev1.Node { return n.eligible(w) }

func (n *Nodes) findEligible(w *workload.Workload) []*corev1.Node {
	fit := n.system.fit(w)
	return slices.DeleteFunc(slices.Clone(n.Nodes), func(node *corev1.Node) bool {
		return !fit.Selects(node) || fit.Untolerated(node, placement.KeepsOffAlways) != nil
	})
}

// Refused counts the nodes whose labels or names do not match the pods of a workload, and returns the taints that keep the pods
// off the others, sorted.
func (n *Nodes) Refused(w *workload.Workload) (unmatched int, taints []string) {
	fit, found := n.system.fit(w), map[string]bool{}
	for _, node := range n.Nodes {
		if !fit.Selects(node) {
			unmatched++
		} else if taint := fit.Untolerated(node, placement.KeepsOffAlways); taint != nil {
			found[taint.ToString()] = true
		}
	}
	return unmatched, slices.Sorted(maps.Keys(found))
}

// AllValues returns the values of a label over all nodes, sorted.
func (n *Nodes) AllValues(key string) []string { return n.values(key) }

// LabelValues returns the values of a label over some nodes, sorted, and whether every node has the label.
func LabelValues(nodes []*corev1.Node, key string) (values []string, all bool) {
	found := map[string]bool{}
	all = true
	for _, n := range nodes {
		value, ok := n.Labels[key]
		all = all && ok
		if ok {
			found[value] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), all
}

// Requests returns the resources that a pod of a workload requests, including 1 of the resource pods.
func (s *System) Requests(w *workload.Workload) corev1.ResourceList {
	all := maps.Clone(s.fit(w).Requests)
	if all == nil {
		all = corev1.ResourceList{}
	}
	all[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return all
}
