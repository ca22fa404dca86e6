package strict

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// TypeError is a value of the wrong type.
type TypeError struct {
	Line int
	// Key is the path of the value, "a.b[0].c"; "" for the whole document.
	Key string
	// Given describes the value, Want the valid values, both for error messages.
	Given, Want string
}

// String is "a.b[0].c: is "three": want a whole number".
func (m TypeError) String() string {
	if m.Key == "" {
		return fmt.Sprintf("is %s: want %s", m.Given, m.Want)
	}
	return fmt.Sprintf("%s: is %s: want %s", m.Key, m.Given, m.Want)
}

// TypeErrors returns the values of a node and its children that do not fit into a Go value, in the order of the text. tag is the
// struct tag with the keys, yaml or json. decode decodes a single value. Unknown keys are ignored.
func TypeErrors(n *yaml.Node, into any, tag string, decode func(n *yaml.Node, into any) error) []TypeError {
	c := checker{tag: tag, decode: decode}
	c.value(n, reflect.TypeOf(into), "")
	return c.errors
}

// UnknownKey is a key that a type does not have.
type UnknownKey struct {
	Line int
	// Key is its path, "a.b[0].c", and Name its last step.
	Key, Name string
	// Known are the keys that are valid in its place.
	Known []string
}

// UnknownKeys returns the keys of a node and its children that a Go type does not have, in the order of the text. tag is the struct
// tag with the keys, yaml or json. Values of the wrong type are passed over: see TypeErrors.
func UnknownKeys(n *yaml.Node, t reflect.Type, tag string) []UnknownKey {
	var all []UnknownKey
	unknownKeys(n, t, tag, "", &all)
	return all
}

func unknownKeys(n *yaml.Node, t reflect.Type, tag, key string, all *[]UnknownKey) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kind := t.Kind(); {
	case oneOrMore(t) && n.Kind == yaml.MappingNode:
		unknownKeys(n, t.Elem(), tag, key, all)
	case decodesItself(t) && !oneOrMore(t):
	case kind == reflect.Struct && n.Kind == yaml.MappingNode:
		fields := fieldTypes(t, tag)
		for i := 0; i+1 < len(n.Content); i += 2 {
			at, name := n.Content[i], n.Content[i].Value
			path := strings.TrimPrefix(key+"."+name, ".")
			if field, ok := fields[name]; ok {
				unknownKeys(n.Content[i+1], field, tag, path, all)
			} else {
				*all = append(*all, UnknownKey{at.Line, path, name, slices.Sorted(maps.Keys(fields))})
			}
		}
	case kind == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			unknownKeys(n.Content[i+1], t.Elem(), tag, strings.TrimPrefix(key+"."+n.Content[i].Value, "."), all)
		}
	case kind == reflect.Slice && n.Kind == yaml.SequenceNode:
		for i, entry := range n.Content {
			unknownKeys(entry, t.Elem(), tag, fmt.Sprintf("%s[%d]", key, i), all)
		}
	}
}

type checker struct {
	tag    string
	decode func(*yaml.Node, any) error
	errors []TypeError
}

func (c *checker) value(n *yaml.Node, t reflect.Type, key string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if c.decode(n, reflect.New(t).Interface()) == nil {
		return
	}
	found, fits := len(c.errors), true
	switch kind := t.Kind(); {
	case oneOrMore(t) && n.Kind == yaml.MappingNode:
		c.value(n, t.Elem(), key)
	case kind == reflect.Struct && n.Kind == yaml.MappingNode:
		c.entries(n, key, c.fields(t))
		fits = !decodesItself(t)
	case kind == reflect.Map && n.Kind == yaml.MappingNode:
		c.entries(n, key, func(string) reflect.Type { return t.Elem() })
	case kind == reflect.Slice && n.Kind == yaml.SequenceNode:
		for i, entry := range n.Content {
			c.value(entry, t.Elem(), fmt.Sprintf("%s[%d]", key, i))
		}
	default:
		fits = false
	}
	if !fits && len(c.errors) == found {
		c.errors = append(c.errors, TypeError{n.Line, key, Given(n), want(t, n)})
	}
}

// entries checks the values of a map. field returns the type of a key's value, nil for an unknown key.
func (c *checker) entries(n *yaml.Node, path string, field func(key string) reflect.Type) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			c.merged(value, path, field)
			continue
		}
		if key.Kind == yaml.MappingNode || key.Kind == yaml.SequenceNode {
			c.errors = append(c.errors, TypeError{key.Line, path, "a map with a key that is " + Given(key), "keys that are text"})
			continue
		}
		if t := field(key.Value); t != nil {
			c.value(value, t, strings.TrimPrefix(path+"."+key.Value, "."))
		}
	}
}

// merged checks the values of a merge key ("<<"): those of one map or of several.
func (c *checker) merged(n *yaml.Node, path string, field func(key string) reflect.Type) {
	switch n.Kind {
	case yaml.AliasNode:
		c.merged(n.Alias, path, field)
	case yaml.SequenceNode:
		for _, from := range n.Content {
			c.merged(from, path, field)
		}
	case yaml.MappingNode:
		c.entries(n, path, field)
	}
}

// fields returns the function that finds the type of a struct field by its key.
func (c *checker) fields(t reflect.Type) func(key string) reflect.Type {
	byKey := fieldTypes(t, c.tag)
	return func(key string) reflect.Type { return byKey[key] }
}

// fieldTypes returns the types of a struct's fields by their keys.
func fieldTypes(t reflect.Type, tag string) map[string]reflect.Type {
	byKey := map[string]reflect.Type{}
	collect(t, tag, byKey)
	return byKey
}

func collect(t reflect.Type, tag string, byKey map[string]reflect.Type) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get(tag), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && field.Anonymous && field.Type.Kind() == reflect.Struct:
			collect(field.Type, tag, byKey)
		case name == "" && tag == "yaml":
			byKey[strings.ToLower(field.Name)] = field.Type
		case name == "":
			byKey[field.Name] = field.Type
		default:
			byKey[name] = field.Type
		}
	}
}

// decodesItself reports whether a type has its own decoder.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, decoder := range []reflect.Type{reflect.TypeFor[yaml.Unmarshaler](), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()} {
		if p.Implements(decoder) {
			return true
		}
	}
	return false
}

// oneOrMore reports whether a type is a list that one map may stand for.
func oneOrMore(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && decodesItself(t)
}

// yaml11Bool matches the unquoted scalars that YAML 1.1, which Kubernetes reads, resolves to booleans.
var yaml11Bool = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// Given describes a node for an error message.
func Given(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!str" && (n.Style != 0 || !yaml11Bool.MatchString(n.Value)):
		return strconv.Quote(n.Value)
	}
	return n.Value
}

// descriptions describe the values of types with their own decoder. The keys are names so that this package imports none of
// the types.
var descriptions = map[string]string{
	"time.Duration":      "a time, 90s or 1h30m",
	"stack.Claims":       "a claim, or a list of claims",
	"resource.Quantity":  "a quantity, 4 or 16Gi",
	"intstr.IntOrString": "a whole number, or text in quotes",
	"v1.Time":            "a time, 2026-01-31T12:00:00Z",
	"v1.MicroTime":       "a time, 2026-01-31T12:00:00.000000Z",
	"v1.Duration":        "a time, 90s or 1h30m",
	"[]uint8":            "text in base64",
}

// want describes the valid values of a type. For types with their own decoder and no description, that is text.
func want(t reflect.Type, n *yaml.Node) string {
	if text := descriptions[t.String()]; text != "" {
		return text
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return "true or false"
	case kind >= reflect.Int && kind <= reflect.Int64:
		if n.ShortTag() == "!!int" {
			return fmt.Sprintf("a whole number up to %d", int64(1)<<(t.Bits()-1)-1)
		}
		return "a whole number"
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return "a whole number, 0 or more"
	case kind == reflect.Float32, kind == reflect.Float64:
		return "a number"
	case kind == reflect.Slice:
		return "a list"
	case kind == reflect.Map, kind == reflect.Struct && !decodesItself(t):
		return "a map"
	case kind == reflect.String && n.Kind == yaml.ScalarNode:
		return "text, " + strconv.Quote(n.Value)
	}
	return "text"
}
