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
	byKey        map[string][]int
}

// none is the domain of a node that does not have the label.
const none = -1

func newTopology(c cluster.Cluster) *topology {
	t := &topology{nodes: c.Nodes, byKey: map[string][]int{}}
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

// domains tells for each node in which domain of a key it is: the first of them is 0, then 1, and so on.
func (t *topology) domains(key string) []int {
	if known := t.byKey[key]; known != nil {
		return known
	}
	numbers := map[string]int{}
	of := make([]int, len(t.nodes))
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
	t.byKey[key] = of
	return of
}

// together is how many of the domains that count one of some failures can take, of the nodes that count; not all of the
// domains, for then no pod would be placed.
func (t *topology) together(of []int, counts func(int) bool, failures []domain) int {
	size := map[int]int{}
	for i := range t.nodes {
		if counts(i) {
			size[of[i]]++
		}
	}
	worst := 0
	for _, f := range failures {
		lost, gone := map[int]int{}, 0
		for _, i := range f.nodes {
			if counts(i) {
				if lost[of[i]]++; lost[of[i]] == size[of[i]] {
					gone++
				}
			}
		}
		if gone < len(size) {
			worst = max(worst, gone)
		}
	}
	return worst
}
