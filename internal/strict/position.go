package strict

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Line returns the line of the value at a path of a node or, if it is missing, of its nearest existing parent. Steps are keys of
// maps and indexes of lists: Line(n, "spec", "containers", "0", "image").
func Line(n *yaml.Node, path ...string) int {
	line := n.Line
	for _, step := range path {
		key, value := Child(n, step)
		if value == nil {
			break
		}
		n, line = value, key.Line
	}
	return line
}

// Child returns an entry of a map or list: the node of its position, and its value; nil if it is missing.
func Child(of *yaml.Node, step string) (at, value *yaml.Node) {
	switch of.Kind {
	case yaml.AliasNode:
		return Child(of.Alias, step)
	case yaml.MappingNode:
		for i := 0; i+1 < len(of.Content); i += 2 {
			if of.Content[i].Value == step {
				return of.Content[i], of.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(of.Content) {
			return of.Content[i], of.Content[i]
		}
	}
	return nil, nil
}
