package scheduler

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// group is nodes with the same result for one pod, so that the plugins run for the first of them alone.
//
// The nodes of a class are a group, without those that hold pods related to the pod, that the pod refers to, or that
// are nominated for other pods. Of these, nodes of one class with equally many related pods of each signature are a
// group. A node that the pod refers to, or that is nominated, is a group of its own.
//
// This is exact because the plugins read only two things of a node: the facts and requested resources, which are equal
// in its class, and the number of pods in its topology domain that selectors and affinity terms match. In a domain
// larger than the node, that number is the same for all its nodes of a class, because the domain's label is in their
// facts. In a domain of one node, it is the number on the node.
type group struct {
	nodes []*node
	// size is the number of nodes in the group. If except is not 0, nodes in the list that are split off in the placement
	// with that number are not in the group.
	size, except int
	// counted is set if the nodes hold related pods, so that all of them count for the plugins.
	counted bool
}

// each yields the nodes of a group, sorted by name.
func (g group) each() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for _, n := range g.nodes {
			if (g.except == 0 || n.split.placement != g.except) && !yield(n) {
				return
			}
		}
	}
}

// first returns the node that the plugins run for.
func (g group) first() *node {
	for n := range g.each() {
		return n
	}
	return nil
}

// single returns a group for each node with one of the names, or for all nodes if names is nil.
func (n *nodes) single(names sets.Set[string]) []group {
	var all []group
	for i, one := range n.list {
		if names == nil || names.Has(one.name()) {
			all = append(all, group{nodes: n.list[i : i+1], size: 1})
		}
	}
	return all
}

// groups divides the nodes into groups for one pod at a time.
type groups struct {
	all []group
	// placement is the number of the current placement.
	placement int
	// splitNodes are the nodes that are split off from their classes.
	splitNodes []*node
	index      map[string]int
	key        []byte
}

// divide finds the groups of all nodes for a pod. The named nodes are those that its volumes refer to, and those
// nominated for other pods. The order of the groups depends only on earlier changes.
func (g *groups) divide(n *nodes, pod *corev1.Pod, r *relation, named []*node) {
	n.classify()
	g.placement++
	g.all, g.splitNodes = g.all[:0], g.splitNodes[:0]
	for _, s := range r.related(n.signatures) {
		for _, one := range s.nodes {
			g.splitOff(one)
			one.split.related = append(one.split.related, s.index)
		}
	}
	for _, one := range append(n.named(pod), named...) {
		g.splitOff(one)
		one.split.named = true
	}
	for _, class := range n.classes.all {
		rest := group{nodes: class.nodes, size: len(class.nodes)}
		if class.placement == g.placement {
			rest.size, rest.except = rest.size-class.split, g.placement
		}
		if rest.size > 0 {
			g.all = append(g.all, rest)
		}
	}
	g.combine()
}

func (g *groups) splitOff(n *node) {
	if n.split.placement == g.placement {
		return
	}
	n.split = split{placement: g.placement, related: n.split.related[:0]}
	if n.class.placement != g.placement {
		n.class.placement, n.class.split = g.placement, 0
	}
	n.class.split++
	g.splitNodes = append(g.splitNodes, n)
}

// combine adds groups of the nodes that are split off.
func (g *groups) combine() {
	clear(g.index)
	slices.SortFunc(g.splitNodes, func(a, b *node) int { return strings.Compare(a.name(), b.name()) })
	for _, n := range g.splitNodes {
		g.key = strconv.AppendInt(g.key[:0], int64(n.class.index), 10)
		for _, signature := range n.split.related {
			g.key = strconv.AppendInt(append(g.key, ' '), int64(signature), 10)
		}
		if n.split.named {
			g.key = append(append(g.key, " named "...), n.name()...)
		}
		i, ok := g.index[string(g.key)]
		if !ok {
			i = len(g.all)
			g.index[string(g.key)] = i
			g.all = append(g.all, group{counted: true})
		}
		g.all[i].nodes = append(g.all[i].nodes, n)
		g.all[i].size++
	}
}
