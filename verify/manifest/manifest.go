// Package manifest reads Kubernetes objects from YAML and JSON, with the position of each field.
package manifest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Object is a Kubernetes object in a file.
type Object struct {
	APIVersion, Kind, Namespace, Name string
	Labels, Annotations               map[string]string
	// Controller is the controlling owner of the object, nil without one.
	Controller *Reference
	// File is the name of the file, "-" for standard input.
	File string
	// Accepted is set if the object was read from an API server, which has accepted it.
	Accepted bool
	// Repeated are the keys that a map of the object has more than once.
	Repeated []Repeated

	node *yaml.Node
	// origin and fields are those of a dependent; see Dependent.
	origin *Object
	fields map[string]string
}

// Dependent returns an object that a controller creates for o. It has the file, the namespace and the annotations of o. Positions
// and keys in errors are those of fields of o: fields maps paths of the dependent to paths of o, both joined by dots. A path below
// a key keeps its rest; a path without a key has no counterpart, and the position is that of o.
func (o *Object) Dependent(apiVersion, kind, name string, fields map[string]string) *Object {
	return &Object{APIVersion: apiVersion, Kind: kind, Namespace: o.Namespace, Name: name, Annotations: o.Annotations, File: o.File, node: o.node, origin: o, fields: fields}
}

// Origin returns the object in the manifests: o itself, or the object that o depends on.
func (o *Object) Origin() *Object {
	if o.origin != nil {
		return o.origin
	}
	return o
}

// path returns the path in the manifests of a field of o.
func (o *Object) path(path []string) []string {
	if o.origin == nil || len(path) > 0 && path[0] == "metadata" {
		return path
	}
	for n := len(path); n > 0; n-- {
		if to, ok := o.fields[strings.Join(path[:n], ".")]; ok {
			return append(strings.Split(to, "."), path[n:]...)
		}
	}
	return nil
}

// Field returns the text of the path in the manifests of a field of o, "" if it has no counterpart there.
func (o *Object) Field(path ...string) string { return Key(o.path(path)) }

// Reference names an object in the same namespace, or a cluster-scoped one.
type Reference struct {
	APIVersion, Kind, Name string
}

// Group returns the API group: "apps" for apps/v1, "" for v1.
func (o *Object) Group() string { return group(o.APIVersion) }

// Group returns the API group: "apps" for apps/v1, "" for v1.
func (r *Reference) Group() string { return group(r.APIVersion) }

func group(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// String is the kind, namespace if any, and name: "StatefulSet events/bus".
func (o *Object) String() string {
	if o.Namespace == "" {
		return plain.Text(o.Kind + " " + o.Name)
	}
	return plain.Text(o.Kind + " " + o.Namespace + "/" + o.Name)
}

// Errorf returns an error about a field, or about the whole object if path is nil: "file:line: Kind namespace/name: a.field:
// message". It supports %w.
func (o *Object) Errorf(path []string, format string, args ...any) error {
	key := ""
	if path = o.path(path); len(path) > 0 {
		key = Key(path) + ": "
	}
	return fmt.Errorf("%s:%d: %s: %s%w", plain.Text(o.File), o.line(path), o, key, fmt.Errorf(format, args...))
}

// Key is the text of a path: "spec.containers[0].resources", "metadata.labels[example.org/app]".
func Key(path []string) string {
	var text strings.Builder
	for i, step := range path {
		_, err := strconv.Atoi(step)
		switch {
		case err == nil || strings.ContainsAny(step, "./"):
			text.WriteString("[" + plain.Text(step) + "]")
		case i > 0:
			text.WriteString("." + plain.Text(step))
		default:
			text.WriteString(plain.Text(step))
		}
	}
	return text.String()
}

// Decode decodes the object into a typed value as the API server does: unknown fields are ignored, and keys are case-sensitive.
// Values of the wrong type are errors that name line and key, one on each line.
func (o *Object) Decode(into any) error {
	err := decode(o.node, into)
	if err == nil {
		return nil
	}
	var all []error
	for _, m := range strict.TypeErrors(o.node, into, "json", decode) {
		all = append(all, fmt.Errorf("%s:%d: %s: %s", plain.Text(o.File), m.Line, o, m))
	}
	if len(all) == 0 {
		return o.Errorf(nil, "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.Join(all...)
}

// DecodeStrict is Decode that also returns the paths of fields that the type does not have. The API server ignores them.
func (o *Object) DecodeStrict(into any) (unknown [][]string, err error) {
	text, err := json.Marshal(value(o.node))
	if err != nil {
		return nil, err
	}
	fields, err := kjson.UnmarshalStrict(text, into, kjson.DisallowUnknownFields)
	if err != nil {
		return nil, o.Decode(into)
	}
	for _, field := range fields {
		if f := kjson.FieldError(nil); errors.As(field, &f) {
			unknown = append(unknown, strings.FieldsFunc(f.FieldPath(), func(r rune) bool { return strings.ContainsRune(".[]", r) }))
		}
	}
	return unknown, nil
}

func decode(n *yaml.Node, into any) error {
	text, err := json.Marshal(value(n))
	if err != nil {
		return err
	}
	return kjson.UnmarshalCaseSensitivePreserveInts(text, into)
}

// value returns a node as a JSON value. Dates are strings, as in Kubernetes.
func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag == "!!merge" {
				merge(m, n.Content[i+1])
			}
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag != "!!merge" {
				m[fmt.Sprint(value(n.Content[i]))] = value(n.Content[i+1])
			}
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = value(c)
		}
		return list
	}
	if n.Style == 0 && n.Tag == "!!str" {
		if v, ok := yaml11Bools[n.Value]; ok {
			return v
		}
	}
	if slices.Contains([]string{"!!null", "!!bool", "!!int", "!!float"}, n.Tag) {
		var v any
		if err := n.Decode(&v); err == nil {
			return v
		}
	}
	return n.Value
}

// yaml11Bools are the unquoted scalars that YAML 1.1, which Kubernetes reads, resolves to booleans and YAML 1.2 to strings.
var yaml11Bools = map[string]bool{
	"y": true, "Y": true, "yes": true, "Yes": true, "YES": true, "on": true, "On": true, "ON": true,
	"n": false, "N": false, "no": false, "No": false, "NO": false, "off": false, "Off": false, "OFF": false,
}

// merge adds the fields of a merge key ("<<"): those of a map, or of a list of maps, where the first map has precedence.
func merge(into map[string]any, n *yaml.Node) {
	maps := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		maps = n.Content
	}
	for _, from := range maps {
		if fields, ok := value(from).(map[string]any); ok {
			for key, v := range fields {
				if _, ok := into[key]; !ok {
					into[key] = v
				}
			}
		}
	}
}

// At returns the position "file:line" of a field or, if it is missing, of its nearest existing parent. Steps are keys of maps and
// indexes of lists: At("spec", "containers", "0", "image").
func (o *Object) At(path ...string) string {
	return plain.Text(o.File) + ":" + strconv.Itoa(o.Line(path...))
}

// Line returns the line of a field, as At does.
func (o *Object) Line(path ...string) int { return o.line(o.path(path)) }

func (o *Object) line(path []string) int { return strict.Line(o.node, path...) }

// Given describes the value of a field as it is written, "" for maps, lists and missing fields.
func (o *Object) Given(path ...string) string {
	at := o.node
	for _, step := range path {
		if _, at = strict.Child(at, step); at == nil {
			return ""
		}
	}
	if at.Kind != yaml.ScalarNode {
		return ""
	}
	return strict.Given(at)
}

// Compare orders objects by namespace, kind and name, then by position.
func Compare(a, b *Object) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.APIVersion, b.APIVersion), cmp.Compare(a.File, b.File), cmp.Compare(a.Line(), b.Line()))
}
