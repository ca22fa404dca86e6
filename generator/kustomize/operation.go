package kustomize

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// operation is an operation of a JSON patch (RFC 6902): add, replace or remove the value at a path.
type operation struct {
	op, path string
	value    *yaml.Node
}

// operations returns the JSON patch from one value to another. Lists of the same length are patched element by element, others
// are replaced.
func operations(from, to *yaml.Node, path string) []operation {
	switch {
	case equal(from, to):
		return nil
	case from.Kind == yaml.MappingNode && to.Kind == yaml.MappingNode:
		return mapOperations(from, to, path)
	case from.Kind == yaml.SequenceNode && to.Kind == yaml.SequenceNode && len(from.Content) == len(to.Content):
		var all []operation
		for i := range to.Content {
			all = append(all, operations(from.Content[i], to.Content[i], path+"/"+strconv.Itoa(i))...)
		}
		return all
	}
	return []operation{{"replace", path, to}}
}

func mapOperations(from, to *yaml.Node, path string) []operation {
	var all []operation
	for key, value := range fields(to) {
		at := path + "/" + pointerEscape.Replace(key.Value)
		if old := field(from, key.Value); old == nil {
			all = append(all, operation{"add", at, value})
		} else {
			all = append(all, operations(old, value, at)...)
		}
	}
	for key := range fields(from) {
		if field(to, key.Value) == nil {
			all = append(all, operation{"remove", path + "/" + pointerEscape.Replace(key.Value), nil})
		}
	}
	return all
}

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// names returns the keys of the path, from the root.
func (o operation) names() []string {
	names := strings.Split(strings.TrimPrefix(o.path, "/"), "/")
	for i, name := range names {
		names[i] = pointerUnescape.Replace(name)
	}
	return names
}

// operationsNode returns the JSON patch as YAML.
func operationsNode(all []operation) *yaml.Node {
	list := sequence()
	for _, o := range all {
		step := mapping("op", o.op, "path", o.path)
		if o.value != nil {
			set(step, scalar("value"), o.value)
		}
		list.Content = append(list.Content, step)
	}
	return list
}
