package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Stdin is the path of standard input.
const Stdin = "-"

// Parse reads the objects of YAML documents or JSON, including those in Lists. Empty documents are skipped; a document that is
// not an object is an error.
func Parse(file string, text []byte) ([]*Object, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var all []*Object
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, invalid(file, text, err)
		}
		if err := checkSeparators(file, &document); err != nil {
			return nil, err
		}
		repeated := dropRepeated(&document)
		// Decoding returns an error for aliases that contain themselves or expand excessively.
		if err := document.Decode(new(any)); err != nil {
			return nil, invalid(file, text, err)
		}
		objects, err := fromNode(file, expand(document.Content[0]))
		if err != nil {
			return nil, err
		}
		assign(repeated, objects)
		all = append(all, objects...)
	}
}

// invalid returns the error of the YAML library about a text, with its position.
func invalid(file string, text []byte, err error) error {
	err = strict.Locate(file, text, err)
	if bytes.Contains(text, []byte("{{")) {
		return fmt.Errorf("%w: the text has {{: for a Helm template, run helm template DIR | holdfast verify -f -", err)
	}
	return err
}

// checkSeparators returns an error if a document has a second object without a separator before it.
func checkSeparators(file string, document *yaml.Node) error {
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		if first, ok := lines[key.Value]; ok && (key.Value == "apiVersion" || key.Value == "kind") {
			return fmt.Errorf("%s:%d: the object has %s already at line %d: separate two objects with a line ---", file, key.Line, key.Value, first)
		}
		lines[key.Value] = key.Line
	}
	return nil
}

// fromNode reads an object, or the objects of a List.
func fromNode(file string, node *yaml.Node) ([]*Object, error) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: want a map with apiVersion, kind and metadata", file, node.Line)
	}
	if _, items := strict.Child(node, "items"); items != nil && strings.HasSuffix(scalar(node, "kind"), "List") {
		var all []*Object
		for _, item := range items.Content {
			objects, err := fromNode(file, item)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
		return all, nil
	}
	o := &Object{File: file, node: node}
	var head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name, Namespace     string
			GenerateName        string `yaml:"generateName"`
			Labels, Annotations map[string]string
			OwnerReferences     []struct {
				APIVersion string `yaml:"apiVersion"`
				Kind, Name string
				Controller bool
			} `yaml:"ownerReferences"`
		}
	}
	if err := node.Decode(&head); err != nil {
		for _, m := range strict.TypeErrors(node, &head, "yaml", (*yaml.Node).Decode) {
			return nil, fmt.Errorf("%s:%d: not a Kubernetes object: %s", file, m.Line, m)
		}
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: %w", file, node.Line, err)
	}
	if isKustomization(head.APIVersion, head.Kind) {
		return nil, fmt.Errorf("%s:%d: a %s is not a Kubernetes object: run kustomize build DIR | holdfast verify -f -", file, node.Line, head.Kind)
	}
	o.APIVersion, o.Kind, o.Namespace = head.APIVersion, head.Kind, head.Metadata.Namespace
	o.Name = cmp.Or(head.Metadata.Name, head.Metadata.GenerateName)
	o.Labels, o.Annotations = head.Metadata.Labels, head.Metadata.Annotations
	for _, owner := range head.Metadata.OwnerReferences {
		if owner.Controller { // the API server allows one
			o.Controller = &Reference{owner.APIVersion, owner.Kind, owner.Name}
		}
	}
	for _, needed := range []struct{ key, value string }{{"apiVersion", o.APIVersion}, {"kind", o.Kind}, {"metadata.name", o.Name}} {
		if needed.value == "" {
			return nil, fmt.Errorf("%s:%d: not a Kubernetes object: it has no %s", file, node.Line, needed.key)
		}
	}
	return []*Object{o}, nil
}

// scalar returns the value of a key as text, "" without it.
func scalar(of *yaml.Node, key string) string {
	_, value := strict.Child(of, key)
	if value == nil {
		return ""
	}
	return value.Value
}

// expand returns a copy of a node in which each alias is replaced by the aliased node.
func expand(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	copied := *n
	copied.Anchor, copied.Content = "", make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		copied.Content[i] = expand(c)
	}
	return &copied
}
