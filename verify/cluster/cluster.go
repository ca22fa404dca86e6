// Package cluster describes the nodes on which workloads are placed, from numbers, a file or a live cluster.
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

// The labels of the failure domains of every cluster.
const (
	ZoneLabel = corev1.LabelTopologyZone
	HostLabel = corev1.LabelHostname
)

// Cluster is a set of nodes, ordered by name.
type Cluster struct {
	Nodes []*corev1.Node
	// Described reports whether labels, taints and capacity of the nodes are from a file or a live cluster. Otherwise only the
	// number of nodes is given or assumed.
	Described bool
	// InManifests reports whether the nodes are those among the manifests.
	InManifests bool
	// Counted reports whether the numbers of nodes and failure domains are given. Otherwise they are assumed: the smallest that
	// the requirement needs. A described cluster is counted.
	Counted bool
	// Given are the kinds of failure domain whose number is given, if the nodes are not described.
	Given []Domain
	// Domains are the kinds of failure domain beyond node and zone whose failure is simulated, in the order of the reports.
	Domains []Domain
	// Detection is the time until the control plane detects a node failure; 0: its default.
	Detection time.Duration
	// Version is the version of Kubernetes; zero: DefaultVersion.
	Version Version
}

// Zones returns the zones of the nodes, sorted.
func (c Cluster) Zones() []string { return c.Values(Zone) }

// size is the default capacity of a node. It exceeds the requests of the generated charts, and has the kubelet's default number of
// pods.
var size = corev1.ResourceList{
	corev1.ResourceCPU: resource.MustParse("16"), corev1.ResourceMemory: resource.MustParse("64Gi"),
	corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"), corev1.ResourcePods: resource.MustParse("110"),
}

// Count is a number of failure domains of one kind.
type Count struct {
	Domain
	Count int
}

// Uniform returns a cluster of equal nodes, spread evenly over zones and over the domains of other kinds. With 0 domains of a
// kind, no node has its label. No nodes, more than 10000, or more domains of a kind than nodes are errors.
func Uniform(nodes, zones int, others ...Count) (Cluster, error) {
	switch {
	case nodes < 1:
		return Cluster{}, fmt.Errorf("%d nodes: a cluster needs 1 or more", nodes)
	case nodes > most:
		return Cluster{}, fmt.Errorf("%d nodes: want %d or fewer", nodes, most)
	}
	c := Cluster{Nodes: make([]*corev1.Node, nodes)}
	for i := range c.Nodes {
		// Names of equal length sort by their numbers.
		c.Nodes[i] = newNode(fmt.Sprintf("node-%0*d", len(fmt.Sprint(nodes)), i+1), "")
	}
	for _, d := range append([]Count{{Zone, zones}}, others...) {
		if d.Count < 0 || d.Count > nodes {
			return Cluster{}, fmt.Errorf("%d nodes in %d %ss: each %s needs 1 node or more", nodes, d.Count, d.Name, d.Name)
		}
		for i, n := range c.Nodes {
			if d.Count > 0 {
				n.Labels[d.Label] = fmt.Sprintf("%s-%0*d", d.Name, len(fmt.Sprint(d.Count)), i%d.Count+1)
			}
		}
	}
	return c, nil
}

// newNode returns a ready node of the default size, in a zone unless that is "".
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

// newCluster returns the nodes of a file as a described cluster. No nodes, and two with the same name, are errors.
func newCluster(file string, nodes []*corev1.Node) (Cluster, error) {
	if len(nodes) == 0 {
		return Cluster{}, fmt.Errorf("%s: no nodes: a cluster needs 1 or more", file)
	}
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for i := range nodes[1:] {
		if nodes[i].Name == nodes[i+1].Name {
			return Cluster{}, fmt.Errorf("%s: two nodes are named %s", file, nodes[i].Name)
		}
	}
	return Cluster{Nodes: nodes, Described: true, Counted: true}, nil
}
