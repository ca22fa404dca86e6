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

// Uniform makes a cluster of equal nodes, spread over zones as evenly as they go; without zones the nodes are in none. It
// is an error to ask for no node, for more zones than nodes, or for more than most.
func Uniform(nodes, zones int) (Cluster, error) {
	switch {
	case nodes < 1:
		return Cluster{}, fmt.Errorf("a cluster of %d nodes: it must have one or more", nodes)
	case nodes > most:
		return Cluster{}, fmt.Errorf("a cluster of %d nodes: want %d or fewer", nodes, most)
	case zones < 0 || zones > nodes:
		return Cluster{}, fmt.Errorf("%d nodes in %d zones: a zone must have one or more", nodes, zones)
	}
	// Names of one length, so that their order is that of the numbers.
	width := len(fmt.Sprint(nodes))
	var c Cluster
	for i := range nodes {
		zone := ""
		if zones > 0 {
			zone = fmt.Sprintf("zone-%0*d", len(fmt.Sprint(zones)), i%zones+1)
		}
		c.Nodes = append(c.Nodes, newNode(fmt.Sprintf("node-%0*d", width, i+1), zone))
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
