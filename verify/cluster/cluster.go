// Package cluster describes the nodes that workloads are to live on: as flags, a file or a live cluster have them.
package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The labels that say in which failure domain a node is.
const (
	ZoneLabel = corev1.LabelTopologyZone
	HostLabel = corev1.LabelHostname
)

// Cluster is a set of nodes, ordered by name.
type Cluster struct {
	Nodes []*corev1.Node
	// Described: somebody wrote down these nodes, or they are there, with their labels, taints and sizes. Of others only the
	// number was said, or not even that.
	Described bool
	// Domains are the kinds of failure domain beyond node and zone whose failure is simulated, in the order of the reports.
	Domains []Domain
	// Detection is how long it takes until the control plane knows that a node is silent; 0: as long as by its defaults.
	Detection time.Duration
}

// Zones returns the zones of the nodes, sorted.
func (c Cluster) Zones() []string { return c.Values(Zone) }

// size is what a node has that nobody described: more than the tests of a chart ask for, and a number of pods that kubelets
// allow by default.
var size = corev1.ResourceList{
	corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"),
	corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"), corev1.ResourcePods: resource.MustParse("110"),
}

// Count is a number of failure domains of one kind.
type Count struct {
	Domain
	Count int
}

// Uniform returns a cluster of equal nodes, spread evenly over zones and over the domains of other kinds; with 0 of a kind no
// node has its label. A cluster without nodes, with more than 10000, or with more domains of a kind than nodes is an error.
func Uniform(nodes, zones int, others ...Count) (Cluster, error) {
	switch {
	case nodes < 1:
		return Cluster{}, fmt.Errorf("a cluster of %d nodes: it must have one or more", nodes)
	case nodes > most:
		return Cluster{}, fmt.Errorf("a cluster of %d nodes: want %d or fewer", nodes, most)
	}
	c := Cluster{Nodes: make([]*corev1.Node, nodes)}
	for i := range c.Nodes {
		// Names of equal length sort by their numbers.
		c.Nodes[i] = newNode(fmt.Sprintf("node-%0*d", len(fmt.Sprint(nodes)), i+1), "")
	}
	for _, of := range append([]Count{{Zone, zones}}, others...) {
		if of.Count < 0 || of.Count > nodes {
			return Cluster{}, fmt.Errorf("%d nodes in %d %ss: a %s must have one or more", nodes, of.Count, of.Name, of.Name)
		}
		for i, n := range c.Nodes {
			if of.Count > 0 {
				n.Labels[of.Label] = fmt.Sprintf("%s-%0*d", of.Name, len(fmt.Sprint(of.Count)), i%of.Count+1)
			}
		}
	}
	return c, nil
}

// newNode is a node that is ready, of the usual size, in a zone unless that is "".
func newNode(name, zone string) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			HostLabel: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
		}},
		Status: corev1.NodeStatus{
			Capacity: size.DeepCopy(), Allocatable: size.DeepCopy(),
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	if zone != "" {
		n.Labels[ZoneLabel] = zone
	}
	return n
}

// checked returns the nodes of a file as a described cluster, ordered by name. No node and a name twice are errors.
func checked(file string, nodes []*corev1.Node) (Cluster, error) {
	if len(nodes) == 0 {
		return Cluster{}, fmt.Errorf("%s: a cluster without nodes: it must have one or more", file)
	}
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for i := range nodes[1:] {
		if nodes[i].Name == nodes[i+1].Name {
			return Cluster{}, fmt.Errorf("%s: node %s is there twice", file, nodes[i].Name)
		}
	}
	return Cluster{Nodes: nodes, Described: true}, nil
}
