// Package manifest reads Kubernetes objects, whatever wrote them, and remembers where each field stands.
package manifest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// Object is one Kubernetes object in a file.
type Object struct {
	APIVersion, Kind, Namespace, Name string
	Labels, Annotations               map[string]string
	// File is the name of the file, "-" for standard input.
	File string

	node *yaml.Node
}

// Group is the API group: "apps" of apps/v1, "" of v1.
func (o *Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// String names the object for people: "StatefulSet events/bus", without a namespace that is not given.
func (o *Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Decode reads the object into a typed value. Fields that the type does not know are left out; a value of the wrong kind
// is an error that names file and line.
func (o *Object) Decode(into any) error {
	text, err := yaml.Marshal(o.node)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", o.At(), o, err)
	}
	if err := sigsyaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %s: %s", o.At(), o, reason(err))
	}
	return nil
}

// reason is the last part of what encoding/json says, which begins with what was tried.
func reason(err error) string {
	text := err.Error()
	if i := strings.Index(text, "json: "); i >= 0 {
		return text[i+len("json: "):]
	}
	return text
}

// At is where a field stands, "file:line"; that of the nearest field around it that is there. Steps are keys of maps and
// numbers of list entries: At("spec", "containers", "0", "image").
func (o *Object) At(path ...string) string { return o.File + ":" + strconv.Itoa(o.Line(path...)) }

// Line is the line that At names.
func (o *Object) Line(path ...string) int {
	at, line := o.node, o.node.Line
	for _, step := range path {
		key, value := child(at, step)
		if value == nil {
			break
		}
		at, line = value, key.Line
	}
	return line
}

// child finds an entry of a map or list: the node that shows where it is, and its value.
func child(of *yaml.Node, step string) (at, value *yaml.Node) {
	switch of.Kind {
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

// Compare orders objects by namespace, kind and name, then by where they stand.
func Compare(a, b *Object) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.APIVersion, b.APIVersion), cmp.Compare(a.File, b.File), cmp.Compare(a.Line(), b.Line()))
}
