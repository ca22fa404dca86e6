// Package manifest reads Kubernetes objects, whatever wrote them, and remembers where each field stands.
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

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Object is one Kubernetes object in a file.
type Object struct {
	APIVersion, Kind, Namespace, Name string
	Labels, Annotations               map[string]string
	// Controller is the object that made this one and looks after it, nil if none did.
	Controller *Reference
	// File is the name of the file, "-" for standard input.
	File string

	node *yaml.Node
}

// Reference names an object of the same namespace, or of none.
type Reference struct {
	APIVersion, Kind, Name string
}

// Group is the API group: "apps" of apps/v1, "" of v1.
func (o *Object) Group() string { return group(o.APIVersion) }

// Group is the API group: "apps" of apps/v1, "" of v1.
func (r *Reference) Group() string { return group(r.APIVersion) }

func group(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
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

// Errorf is an error about a field, or about the whole object if path is nil: "file:line: Kind namespace/name: a.field: what
// is wrong", and what to do if that is known. It wraps what %w of the format does.
func (o *Object) Errorf(path []string, format string, args ...any) error {
	key := ""
	if len(path) > 0 {
		key = strings.Join(path, ".") + ": "
	}
	return fmt.Errorf("%s: %s: %s%w", o.At(path...), o, key, fmt.Errorf(format, args...))
}

// Decode reads the object into a typed value, as the API server does: fields that the type does not know are left out, and so
// are keys in another case. Values of the wrong type are errors that name line and key, a line for each.
func (o *Object) Decode(into any) error {
	err := decode(o.node, into)
	if err == nil {
		return nil
	}
	var all []error
	for _, m := range strict.TypeErrors(o.node, into, "json", decode) {
		all = append(all, fmt.Errorf("%s:%d: %s: %s", o.File, m.Line, o, m))
	}
	if len(all) == 0 {
		return o.Errorf(nil, "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.Join(all...)
}

func decode(n *yaml.Node, into any) error {
	text, err := json.Marshal(value(n))
	if err != nil {
		return err
	}
	return kjson.UnmarshalCaseSensitivePreserveInts(text, into)
}

// value is a node as JSON has it. A date is text, as it is for Kubernetes.
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
		if v, is := switches[n.Value]; is {
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

// switches are what YAML 1.1, which Kubernetes reads, takes for true and false without quotes, and YAML 1.2 for text.
var switches = map[string]bool{
	"y": true, "Y": true, "yes": true, "Yes": true, "YES": true, "on": true, "On": true, "ON": true,
	"n": false, "N": false, "no": false, "No": false, "NO": false, "off": false, "Off": false, "OFF": false,
}

// merge adds what "<<" brings in: a map, or a list of maps of which the first wins.
func merge(into map[string]any, n *yaml.Node) {
	maps := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		maps = n.Content
	}
	for _, from := range maps {
		if fields, is := value(from).(map[string]any); is {
			for key, v := range fields {
				if _, has := into[key]; !has {
					into[key] = v
				}
			}
		}
	}
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
