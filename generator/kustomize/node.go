package kustomize

import (
	"iter"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// encode writes a node in the style of the rendered objects: indented by two spaces, list items below their key.
func encode(node *yaml.Node) (string, error) {
	text, err := kyaml.MarshalWithOptions(node, &kyaml.EncoderOptions{SeqIndent: kyaml.WideSequenceStyle})
	return string(text), err
}

// equal reports whether two nodes have the same content. Order of keys, style and comments do not count.
func equal(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.MappingNode:
		for key, value := range fields(a) {
			if other := field(b, key.Value); other == nil || !equal(value, other) {
				return false
			}
		}
	case yaml.SequenceNode:
		for i := range a.Content {
			if !equal(a.Content[i], b.Content[i]) {
				return false
			}
		}
	default:
		return a.ShortTag() == b.ShortTag() && a.Value == b.Value
	}
	return true
}

// fields yields the key and value nodes of a map.
func fields(node *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i], node.Content[i+1]) {
				return
			}
		}
	}
}

// field returns the value of a key in a map, nil if there is none.
func field(node *yaml.Node, key string) *yaml.Node {
	if node.Kind == yaml.MappingNode {
		for k, value := range fields(node) {
			if k.Value == key {
				return value
			}
		}
	}
	return nil
}

func set(node, key, value *yaml.Node) { node.Content = append(node.Content, key, value) }

// mapping returns a map of strings, given as key, value, key, value.
func mapping(texts ...string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, text := range texts {
		node.Content = append(node.Content, scalar(text))
	}
	return node
}

func sequence(elements ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: elements}
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}
