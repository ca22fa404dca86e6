package strict

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// TypeError is a value that its field cannot take.
type TypeError struct {
	Line int
	// Key is the path to the value, "a.b[0].c"; "" is the whole document.
	Key string
	// Given is what there is, and Want what should be, for people.
	Given, Want string
}

// String is "a.b[0].c: is "three": want a whole number".
func (m TypeError) String() string {
	if m.Key == "" {
		return fmt.Sprintf("is %s: want %s", m.Given, m.Want)
	}
	return fmt.Sprintf("%s: is %s: want %s", m.Key, m.Given, m.Want)
}

// TypeErrors lists what of a node, and of all below it, does not fit into a Go value, in the order of the text. tag names the
// struct tags that hold the keys, yaml or json, and take decodes a single value. What no field is for is passed over.
func TypeErrors(n *yaml.Node, into any, tag string, take func(n *yaml.Node, into any) error) []TypeError {
	f := fitting{tag: tag, take: take}
	f.value(n, reflect.TypeOf(into), "")
	return f.misfits
}

type fitting struct {
	tag     string
	take    func(*yaml.Node, any) error
	misfits []TypeError
}

func (f *fitting) value(n *yaml.Node, t reflect.Type, key string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.take(n, reflect.New(t).Interface()) == nil {
		return
	}
	known, fits := len(f.misfits), true
	switch kind := t.Kind(); {
	case kind == reflect.Struct && n.Kind == yaml.MappingNode:
		f.entries(n, key, f.fields(t))
		fits = !decodesItself(t)
	case kind == reflect.Map && n.Kind == yaml.MappingNode:
		f.entries(n, key, func(string) reflect.Type { return t.Elem() })
	case kind == reflect.Slice && n.Kind == yaml.SequenceNode:
		for i, entry := range n.Content {
			f.value(entry, t.Elem(), fmt.Sprintf("%s[%d]", key, i))
		}
	default:
		fits = false
	}
	if !fits && len(f.misfits) == known {
		f.misfits = append(f.misfits, TypeError{n.Line, key, given(n), want(t, n)})
	}
}

// entries are the values of a map; field is the type of what stands under a key, nil if nothing is read there.
func (f *fitting) entries(n *yaml.Node, path string, field func(key string) reflect.Type) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			f.merged(value, path, field)
			continue
		}
		if key.Kind == yaml.MappingNode || key.Kind == yaml.SequenceNode {
			f.misfits = append(f.misfits, TypeError{key.Line, path, "a map with a key that is " + given(key), "keys that are text"})
			continue
		}
		if t := field(key.Value); t != nil {
			f.value(value, t, strings.TrimPrefix(path+"."+key.Value, "."))
		}
	}
}

// merged are the values that "<<" brings into a map: those of another, or of several.
func (f *fitting) merged(n *yaml.Node, path string, field func(key string) reflect.Type) {
	switch n.Kind {
	case yaml.AliasNode:
		f.merged(n.Alias, path, field)
	case yaml.SequenceNode:
		for _, from := range n.Content {
			f.merged(from, path, field)
		}
	case yaml.MappingNode:
		f.entries(n, path, field)
	}
}

// fields finds the type of a struct's field by its key.
func (f *fitting) fields(t reflect.Type) func(key string) reflect.Type {
	byKey := map[string]reflect.Type{}
	f.collect(t, byKey)
	return func(key string) reflect.Type { return byKey[key] }
}

func (f *fitting) collect(t reflect.Type, byKey map[string]reflect.Type) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get(f.tag), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && field.Anonymous && field.Type.Kind() == reflect.Struct:
			f.collect(field.Type, byKey)
		case name == "" && f.tag == "yaml":
			byKey[strings.ToLower(field.Name)] = field.Type
		case name == "":
			byKey[field.Name] = field.Type
		default:
			byKey[name] = field.Type
		}
	}
}

// decodesItself tells whether how a value is read is up to its type.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, reads := range []reflect.Type{reflect.TypeFor[yaml.Unmarshaler](), reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()} {
		if p.Implements(reads) {
			return true
		}
	}
	return false
}

// aSwitch is what YAML 1.1, which Kubernetes reads, takes for true or false without quotes.
var aSwitch = regexp.MustCompile(`^(?i:y|n|yes|no|on|off)$`)

// given is what there is.
func given(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!str" && (n.Style != 0 || !aSwitch.MatchString(n.Value)):
		return strconv.Quote(n.Value)
	}
	return n.Value
}

// words are what types that are read in their own way take. They are named, so that this package need not know them.
var words = map[string]string{
	"time.Duration":      "a time, 90s or 1h30m",
	"resource.Quantity":  "a quantity, 4 or 16Gi",
	"intstr.IntOrString": "a whole number, or text in quotes",
	"v1.Time":            "a time, 2026-01-31T12:00:00Z",
	"v1.MicroTime":       "a time, 2026-01-31T12:00:00.000000Z",
	"v1.Duration":        "a time, 90s or 1h30m",
	"[]uint8":            "text in base64",
}

// want is what a type takes; text, if it says itself how it is read and has no words.
func want(t reflect.Type, n *yaml.Node) string {
	if word := words[t.String()]; word != "" {
		return word
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
