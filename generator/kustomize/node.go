package kustomize

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"go.yaml.in/yaml/v3"
)

// parsed is an object as a tree, which keeps comments and the order of keys.
func parsed(o manifest.Object) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(o.Text), &document); err != nil {
		return nil, fmt.Errorf("%s: %s %q: %w", o.Source, o.Kind, o.Name, err)
	}
	return document.Content[0], nil
}

func encoded(node *yaml.Node) (string, error) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(node); err != nil {
		return "", err
	}
	return out.String(), e.Close()
}

// equal compares what two trees say, whatever their form.
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

// fields yields the keys and values of a map.
func fields(node *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i], node.Content[i+1]) {
				return
			}
		}
	}
}

// field returns a value of a map, nil if it has none.
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

// mapping is a map of texts: key, value, key, value.
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
