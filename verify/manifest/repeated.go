package manifest

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Repeated is a key that a map has more than once. The last value counts: kubectl and Helm convert YAML to JSON with
// sigs.k8s.io/yaml, which keeps it and reports nothing.
type Repeated struct {
	Key string
	// First and Last are the lines of the first and of the last value.
	First, Last int

	node *yaml.Node
}

// dropRepeated removes all entries of a key but the last one from every map below a node. It returns those keys in the order of the
// text.
func dropRepeated(n *yaml.Node) (all []Repeated) {
	if n.Kind == yaml.MappingNode {
		last := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if isPlainKey(n.Content[i]) {
				last[n.Content[i].Value] = i
			}
		}
		first, kept := map[string]*yaml.Node{}, n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if isPlainKey(key) && first[key.Value] == nil {
				first[key.Value] = key
			}
			if !isPlainKey(key) || last[key.Value] == i {
				if isPlainKey(key) && first[key.Value] != key {
					all = append(all, Repeated{Key: key.Value, First: first[key.Value].Line, Last: key.Line, node: first[key.Value]})
				}
				kept = append(kept, key, n.Content[i+1])
			}
		}
		n.Content = kept
	}
	for _, c := range n.Content {
		all = append(all, dropRepeated(c)...)
	}
	slices.SortStableFunc(all, func(a, b Repeated) int { return compareNodes(a.node, b.node) })
	return all
}

// isPlainKey reports whether a key is a scalar, and no merge key.
func isPlainKey(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag != "!!merge" }

// assign adds repeated keys to the objects of their document: to the last object that begins before the key.
func assign(repeated []Repeated, objects []*Object) {
	for _, r := range repeated {
		i := slices.IndexFunc(objects, func(o *Object) bool { return compareNodes(o.node, r.node) > 0 })
		if i < 0 {
			i = len(objects)
		}
		if i > 0 {
			objects[i-1].Repeated = append(objects[i-1].Repeated, r)
		}
	}
}

func compareNodes(a, b *yaml.Node) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
