package survival

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// NodeClasses divides nodes into equivalence classes. Nodes are equivalent if they could exchange their names without
// any other effect: they have pods with the same signatures, the same taints, resources and labels, and no pod requires
// one of them by name. Labels that no pod and no StorageClass refers to do not count.
type NodeClasses struct {
	// off puts each node into a class of its own.
	off bool
	// labels are the label keys that pods, StorageClasses and PersistentVolumes refer to, without that of the host name; named are the
	// names and host names that they refer to.
	labels []string
	named  map[string]bool
	// pending is set if the steady state has Pending pods, which may fit on nodes without pods.
	pending bool
	// facts are the properties of nodes that no event changes, by name.
	facts map[string]string
}

// NewNodeClasses returns the classes of the nodes of a cluster in the steady state. Each node has a class of its own if on is not set.
func NewNodeClasses(s *sim.Cluster, on bool) *NodeClasses {
	c := &NodeClasses{off: !on, named: map[string]bool{}, pending: s.PendingPods() > 0, facts: map[string]string{}}
	keys := map[string]bool{cluster.ZoneLabel: true, corev1.LabelTopologyRegion: true}
	for _, w := range s.Controllers() {
		c.addPod(&w.Workload.Template.Spec, keys)
	}
	for key, values := range s.VolumeTopologies() {
		c.add(keys, key, values...)
	}
	delete(keys, cluster.HostLabel)
	c.labels = slices.Sorted(maps.Keys(keys))
	for _, n := range s.Nodes() {
		c.facts[n.Name()] = c.describe(n.Object())
	}
	return c
}

// addPod adds the label keys and names of nodes that a pod refers to.
func (c *NodeClasses) addPod(spec *corev1.PodSpec, keys map[string]bool) {
	c.named[spec.NodeName] = true
	for _, term := range placement.NodeTerms(spec) {
		for _, r := range slices.Concat(term.MatchExpressions, term.MatchFields) {
			c.add(keys, r.Key, r.Values...)
		}
	}
	for _, constraint := range placement.Constraints(&corev1.Pod{Spec: *spec}, nil) {
		c.add(keys, constraint.TopologyKey)
	}
}

// add adds a label key, and its values if they are names.
func (c *NodeClasses) add(keys map[string]bool, key string, values ...string) {
	keys[key] = true
	if key == cluster.HostLabel || key == metav1.ObjectNameField {
		for _, v := range values {
			c.named[v] = true
		}
	}
}

// describe returns the facts of a node as text.
func (c *NodeClasses) describe(n *corev1.Node) string {
	var b strings.Builder
	if host := n.Labels[cluster.HostLabel]; c.off || c.named[n.Name] || c.named[host] || host != n.Name {
		fmt.Fprintf(&b, "%s=%s ", n.Name, host)
	}
	for _, key := range c.labels {
		if value, ok := n.Labels[key]; ok {
			fmt.Fprintf(&b, "%s=%s ", key, value)
		}
	}
	for _, t := range n.Spec.Taints {
		fmt.Fprintf(&b, "%s=%s:%s ", t.Key, t.Value, t.Effect)
	}
	fmt.Fprint(&b, n.Spec.Unschedulable)
	for _, name := range slices.Sorted(maps.Keys(n.Status.Allocatable)) {
		quantity := n.Status.Allocatable[name]
		fmt.Fprintf(&b, " %s=%s", name, quantity.String())
	}
	return b.String()
}

// Of divides nodes into their classes, in the order of the first node of each.
func (c *NodeClasses) Of(nodes []*sim.Node) [][]*sim.Node {
	var classes [][]*sim.Node
	index := map[string]int{}
	for _, n := range nodes {
		key := c.key(n)
		i, ok := index[key]
		if !ok {
			i = len(classes)
			index[key] = i
			classes = append(classes, nil)
		}
		classes[i] = append(classes[i], n)
	}
	return classes
}

// key is equal for equivalent nodes. The facts of a node count if its pods are replaced elsewhere, or if there are
// Pending pods that may come to it. Pods of DaemonSets are not replaced elsewhere.
func (c *NodeClasses) key(n *sim.Node) string {
	var pods []string
	replaced := false
	for _, p := range n.Pods() {
		replaced = replaced || p.Controller().Workload.Kind != workload.DaemonSet
		pods = append(pods, p.Signature())
	}
	slices.Sort(pods)
	facts := ""
	if replaced || c.pending || c.off {
		facts = c.facts[n.Name()]
	}
	return facts + "|" + strings.Join(pods, "|")
}
