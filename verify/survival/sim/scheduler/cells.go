package scheduler

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// cell is nodes that come out the same for one pod, so that the plugins are asked about the first of them alone. A class
// is a cell, without those of its nodes that hold pods which matter to the pod, which it names, or on which room is kept for
// others. Of these, those of one class that hold as many of each kind are a cell; one that is named or kept is a cell of its
// own.
//
// That is all there is to it, as the plugins read nothing else of a node: of the pods on it what they take, which is the
// class's, and how many of them selectors and terms of affinity match in its topology domain. Where the domain is larger
// than the node, that is the same for all nodes of the class in it, as the domain's label is in their shape. Where it is
// the node, it is the number on the node itself.
type cell struct {
	nodes []*node
	// size is how many they are; others among nodes are apart in the placement but, if that is not 0.
	size, but int
	// counts tells that the nodes hold pods which matter.
	counts bool
}

// mark is what sets a node apart in a placement.
type mark struct {
	at    int
	alone bool
	// kinds are those of its pods that matter, by their index, each as often as there is a pod of it.
	kinds []int
}

// each lists the nodes of a cell in the order of their names.
func (c cell) each() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for _, n := range c.nodes {
			if (c.but == 0 || n.mark.at != c.but) && !yield(n) {
				return
			}
		}
	}
}

// first is the node that the plugins are asked about.
func (c cell) first() *node {
	for n := range c.each() {
		return n
	}
	return nil
}

// single makes a cell of each node that has one of the names, or of all if names is nil.
func (n *nodes) single(names sets.Set[string]) []cell {
	var all []cell
	for i, one := range n.list {
		if names == nil || names.Has(one.name()) {
			all = append(all, cell{nodes: n.list[i : i+1], size: 1})
		}
	}
	return all
}

// cells divides the nodes for a pod.
type cells struct {
	all []cell
	// placement numbers the divisions.
	placement int
	apart     []*node
	groups    map[string]int
	key       []byte
}

// divide finds the cells of all nodes for a pod, in an order that depends on nothing but what happened before. Apart are nodes that its
// disks name, and those on which room is kept for others.
func (c *cells) divide(n *nodes, pod *corev1.Pod, matters *interest, apart []*node) {
	n.settle()
	c.placement++
	c.all, c.apart = c.all[:0], c.apart[:0]
	for _, k := range matters.of(n.kinds) {
		for _, one := range k.on {
			c.setApart(one)
			one.mark.kinds = append(one.mark.kinds, k.index)
		}
	}
	for _, one := range append(n.named(pod), apart...) {
		c.setApart(one)
		one.mark.alone = true
	}
	for _, class := range n.classes.all {
		rest := cell{nodes: class.nodes, size: len(class.nodes)}
		if class.at == c.placement {
			rest.size, rest.but = rest.size-class.apart, c.placement
		}
		if rest.size > 0 {
			c.all = append(c.all, rest)
		}
	}
	c.group()
}

func (c *cells) setApart(n *node) {
	if n.mark.at == c.placement {
		return
	}
	n.mark = mark{at: c.placement, kinds: n.mark.kinds[:0]}
	if n.class.at != c.placement {
		n.class.at, n.class.apart = c.placement, 0
	}
	n.class.apart++
	c.apart = append(c.apart, n)
}

// group makes cells of the nodes that are apart.
func (c *cells) group() {
	clear(c.groups)
	slices.SortFunc(c.apart, func(a, b *node) int { return strings.Compare(a.name(), b.name()) })
	for _, n := range c.apart {
		c.key = strconv.AppendInt(c.key[:0], int64(n.class.index), 10)
		for _, kind := range n.mark.kinds {
			c.key = strconv.AppendInt(append(c.key, ' '), int64(kind), 10)
		}
		if n.mark.alone {
			c.key = append(append(c.key, " at "...), n.name()...)
		}
		at, is := c.groups[string(c.key)]
		if !is {
			at = len(c.all)
			c.groups[string(c.key)] = at
			c.all = append(c.all, cell{counts: true})
		}
		c.all[at].nodes = append(c.all[at].nodes, n)
		c.all[at].size++
	}
}
