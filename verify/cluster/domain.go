package cluster

import (
	"maps"
	"slices"
)

// Domain is a kind of failure domain: nodes with the same value of the label fail together.
type Domain struct {
	// Name is the noun in requirements and reports, like "rack": one failure domain of this kind is called by Name and
	// its label value.
	Name string
	// Label is the key of the node label.
	Label string
}

// The failure domains of every cluster.
var (
	Node = Domain{Name: "node", Label: HostLabel}
	Zone = Domain{Name: "zone", Label: ZoneLabel}
)

// FailureDomains returns the kinds of failure domain whose failure is simulated: node, zone, then c.Domains.
func (c Cluster) FailureDomains() []Domain {
	return append([]Domain{Node, Zone}, c.Domains...)
}

// Values returns the values that the nodes have for d's label, sorted, each once. Nodes without the label, or with an
// empty value, are in no domain of this kind.
func (c Cluster) Values(d Domain) []string {
	values := map[string]bool{}
	for _, n := range c.Nodes {
		if v := n.Labels[d.Label]; v != "" {
			values[v] = true
		}
	}
	return slices.Sorted(maps.Keys(values))
}

// Counts reports whether the number of domains with a label is that of the cluster, and not assumed.
func (c Cluster) Counts(label string) bool {
	return c.Described || slices.ContainsFunc(c.Given, func(d Domain) bool { return d.Label == label })
}
