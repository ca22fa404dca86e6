package guarantee

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// domain is nodes that are lost together, by their places in the list of all.
type domain struct {
	name  string
	nodes []int
}

// topology is a cluster's nodes, by the labels that constraints name.
type topology struct {
	nodes []*corev1.Node
	all   []int
	// hosts are the nodes, each a domain of its own; zones those of the zone's label.
	hosts, zones []domain
	byKey        map[string]division
}

// division is how the values of a key divide the nodes: of has for each node the number of its domain, from 0 to count, or
// none.
type division struct {
	of    []int
	count int
}

// none is the domain of a node that does not have the label.
const none = -1

func newTopology(c cluster.Cluster) *topology {
	t := &topology{nodes: c.Nodes, byKey: map[string]division{}}
	at := map[string]int{}
	for _, zone := range c.Zones() {
		at[zone] = len(t.zones)
		t.zones = append(t.zones, domain{name: zone})
	}
	for i, n := range c.Nodes {
		t.all = append(t.all, i)
		t.hosts = append(t.hosts, domain{name: n.Name, nodes: []int{i}})
		if zone, is := at[n.Labels[cluster.ZoneLabel]]; is {
			t.zones[zone].nodes = append(t.zones[zone].nodes, i)
		}
	}
	return t
}

// divide is how a key divides the nodes.
func (t *topology) divide(key string) division {
	if known, is := t.byKey[key]; is {
		return known
	}
	numbers, of := map[string]int{}, make([]int, len(t.nodes))
	for i, n := range t.nodes {
		value, is := n.Labels[key]
		if !is {
			of[i] = none
			continue
		}
		if _, known := numbers[value]; !known {
			numbers[value] = len(numbers)
		}
		of[i] = numbers[value]
	}
	t.byKey[key] = division{of, len(numbers)}
	return t.byKey[key]
}

// together is how many of the domains that count one of some failures can take, of the nodes that count; not all of the
// domains, for then no pod would be placed.
func (t *topology) together(d division, counts []bool, failures []domain) int {
	size, lost, domains := make([]int, d.count), make([]int, d.count), 0
	for i := range t.nodes {
		if counts[i] {
			if size[d.of[i]]++; size[d.of[i]] == 1 {
				domains++
			}
		}
	}
	worst := 0
	for _, f := range failures {
		gone := 0
		for _, i := range f.nodes {
			if counts[i] {
				if lost[d.of[i]]++; lost[d.of[i]] == size[d.of[i]] {
					gone++
				}
			}
		}
		for _, i := range f.nodes {
			if counts[i] {
				lost[d.of[i]] = 0
			}
		}
		if gone < domains {
			worst = max(worst, gone)
		}
	}
	return worst
}
