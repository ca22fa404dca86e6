package guarantee

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// failureDomain is a group of nodes that fail together, by their indexes in the list of all nodes.
type failureDomain struct {
	name  string
	nodes []int
}

// failureDomains are all failure domains of one kind, ordered by name.
type failureDomains struct {
	kind cluster.Domain
	all  []failureDomain
}

// topology is the nodes of a cluster, grouped by failure domains and by topology keys.
type topology struct {
	nodes   []*corev1.Node
	indexes []int // of all nodes
	// domains are the kinds of failure domain that the cluster has.
	domains    []failureDomains
	partitions map[string]partition // by topology key
}

// partition is the topology domains of a key: of has the number of the domain of each node, from 0 to count-1, or none.
type partition struct {
	of    []int
	count int
}

// none is the domain of a node without the label.
const none = -1

func newTopology(c cluster.Cluster) *topology {
	t := &topology{nodes: c.Nodes, partitions: map[string]partition{}}
	for i := range c.Nodes {
		t.indexes = append(t.indexes, i)
	}
	for _, kind := range c.FailureDomains() {
		if all := newFailureDomains(c, kind); len(all) > 0 || kind == cluster.Node {
			t.domains = append(t.domains, failureDomains{kind, all})
		}
	}
	return t
}

// newFailureDomains groups the nodes by a kind of failure domain. Each node is a domain of its own, whatever its labels.
func newFailureDomains(c cluster.Cluster, kind cluster.Domain) []failureDomain {
	var all []failureDomain
	if kind == cluster.Node {
		for i, n := range c.Nodes {
			all = append(all, failureDomain{name: n.Name, nodes: []int{i}})
		}
		return all
	}
	index := map[string]int{}
	for _, value := range c.Values(kind) {
		index[value] = len(all)
		all = append(all, failureDomain{name: value})
	}
	for i, n := range c.Nodes {
		if d, ok := index[n.Labels[kind.Label]]; ok {
			all[d].nodes = append(all[d].nodes, i)
		}
	}
	return all
}

// nodeFailures lists the failures of one node each.
func (t *topology) nodeFailures() []failureDomain { return t.domains[0].all }

// failures lists the failures of one domain of any kind.
func (t *topology) failures() []failureDomain {
	var all []failureDomain
	for _, d := range t.domains {
		all = append(all, d.all...)
	}
	return all
}

// partition groups the nodes by the values of a label.
func (t *topology) partition(key string) partition {
	if known, ok := t.partitions[key]; ok {
		return known
	}
	numbers, of := map[string]int{}, make([]int, len(t.nodes))
	for i, n := range t.nodes {
		value, ok := n.Labels[key]
		if !ok {
			of[i] = none
			continue
		}
		if _, known := numbers[value]; !known {
			numbers[value] = len(numbers)
		}
		of[i] = numbers[value]
	}
	t.partitions[key] = partition{of, len(numbers)}
	return t.partitions[key]
}

// lostAtOnce returns the most topology domains with counted nodes that one of some failures takes. A failure that takes all of
// them does not count: no pod is placed meanwhile.
func (t *topology) lostAtOnce(p partition, counted []bool, failures []failureDomain) int {
	size, lost, domains := make([]int, p.count), make([]int, p.count), 0
	for i := range t.nodes {
		if counted[i] {
			if size[p.of[i]]++; size[p.of[i]] == 1 {
				domains++
			}
		}
	}
	worst := 0
	for _, f := range failures {
		gone := 0
		for _, i := range f.nodes {
			if counted[i] {
				if lost[p.of[i]]++; lost[p.of[i]] == size[p.of[i]] {
					gone++
				}
			}
		}
		for _, i := range f.nodes {
			if counted[i] {
				lost[p.of[i]] = 0
			}
		}
		if gone < domains {
			worst = max(worst, gone)
		}
	}
	return worst
}
