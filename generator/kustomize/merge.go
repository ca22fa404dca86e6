package kustomize

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// merge computes strategic merge patches. With lists set, it merges the lists that Kubernetes merges by a key. Without, it
// replaces every list.
type merge struct{ lists bool }

// maps returns the patch from one map to another, nil if they are equal. The schema of a custom resource is nil: Kustomize
// replaces its lists.
func (m merge) maps(from, to *yaml.Node, schema *openapi.ResourceSchema) *yaml.Node {
	patch := mapping()
	for key, value := range fields(to) {
		if old := field(from, key.Value); old == nil {
			set(patch, key, value)
		} else if changed := m.values(old, value, below(schema, key.Value)); changed != nil {
			set(patch, key, changed)
		}
	}
	for key := range fields(from) {
		if field(to, key.Value) == nil {
			set(patch, scalar(key.Value), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"})
		}
	}
	if len(patch.Content) == 0 {
		return nil
	}
	return patch
}

// values returns the patch from one value to another, nil if they are equal.
func (m merge) values(from, to *yaml.Node, schema *openapi.ResourceSchema) *yaml.Node {
	switch {
	case equal(from, to):
		return nil
	case from.Kind == yaml.MappingNode && to.Kind == yaml.MappingNode:
		return m.maps(from, to, schema)
	case from.Kind == yaml.SequenceNode && to.Kind == yaml.SequenceNode:
		return m.sequences(from, to, schema)
	}
	return to
}

func (m merge) sequences(from, to *yaml.Node, schema *openapi.ResourceSchema) *yaml.Node {
	if schema == nil {
		return to
	}
	strategy, keys := schema.PatchStrategyAndKeyList()
	if !slices.Contains(strings.Split(strategy, ","), "merge") {
		return to
	}
	if m.lists {
		if patch := m.elements(from, to, keys, schema.Elements()); patch != nil {
			return patch
		}
	}
	replace := sequence(mapping("$patch", "replace"))
	replace.Content = append(replace.Content, to.Content...)
	return replace
}

// elements merges lists of maps by their keys. It returns nil if the keys do not identify the elements. Kustomize puts the
// elements of the patch first, in their order, then the rest of the old list. To keep the new order, the patch also names
// unchanged elements up to the last one that is out of order.
func (m merge) elements(from, to *yaml.Node, keys []string, schema *openapi.ResourceSchema) *yaml.Node {
	old, now := ids(from, keys), ids(to, keys)
	if old == nil || now == nil {
		return nil
	}
	patch := sequence()
	for i := range inPlace(from, to, old, now) {
		was := slices.Index(old, now[i])
		if was < 0 {
			patch.Content = append(patch.Content, to.Content[i])
			continue
		}
		element := mapping()
		for _, key := range keys {
			if value := field(to.Content[i], key); value != nil {
				set(element, scalar(key), value)
			}
		}
		if changed := m.maps(from.Content[was], to.Content[i], schema); changed != nil {
			element.Content = append(element.Content, changed.Content...)
		}
		patch.Content = append(patch.Content, element)
	}
	for i, element := range from.Content {
		if !slices.Contains(now, old[i]) {
			deleted := mapping()
			for _, key := range keys {
				if value := field(element, key); value != nil {
					set(deleted, scalar(key), value)
				}
			}
			set(deleted, scalar("$patch"), scalar("delete"))
			patch.Content = append(patch.Content, deleted)
		}
	}
	return patch
}

// inPlace returns the number of elements that a patch must name so that the remaining ones follow unchanged from the old list.
func inPlace(from, to *yaml.Node, old, now []string) int {
	for n := range len(now) {
		var left []*yaml.Node
		for i, id := range old {
			if at := slices.Index(now, id); at >= n {
				left = append(left, from.Content[i])
			}
		}
		if slices.EqualFunc(left, to.Content[n:], equal) {
			return n
		}
	}
	return len(now)
}

// ids returns the merge keys of each element, nil if they do not identify the elements.
func ids(list *yaml.Node, keys []string) []string {
	if len(keys) == 0 {
		return nil
	}
	all := []string{}
	for _, element := range list.Content {
		var values []string
		for _, key := range keys {
			value := ""
			if f := field(element, key); f != nil {
				value = f.Value
			}
			values = append(values, value)
		}
		id := strings.Join(values, "\x00")
		if element.Kind != yaml.MappingNode || values[0] == "" || slices.Contains(all, id) {
			return nil
		}
		all = append(all, id)
	}
	return all
}

// below returns the schema of a field, nil if it is unknown.
func below(schema *openapi.ResourceSchema, key string) *openapi.ResourceSchema {
	if schema == nil {
		return nil
	}
	return schema.Field(key)
}
