// Package schema turns Go types into JSON schema definitions, for input that
// encoding/json decodes strictly and for output that it encodes. The keywords
// are those of draft 7, which later drafts share.
package schema

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Generator generates definitions. The zero value describes input: objects
// reject every property that the Go type does not decode.
type Generator struct {
	// Custom holds the schemas of types that decode themselves, keyed by full
	// type name ("example.org/pkg/v1.Amount"). They override the rules of this
	// package.
	Custom map[string]map[string]any
	// Output describes output instead: properties without omitempty are
	// required, and further properties are allowed, for later versions.
	Output bool
	// Ranges adds the smallest and the largest value of integers. JSON numbers of more than 53 bits are not exact, so they are
	// outside of every range.
	Ranges bool
	// Describe, if set, returns the description of a struct type or, if name
	// is not empty, of its field with that Go name.
	Describe func(t reflect.Type, name string) string
}

// Definitions is Generator.Definitions without custom types.
func Definitions(roots ...reflect.Type) map[string]any {
	return Generator{}.Definitions(roots...)
}

// Definitions takes root types and returns one object schema for every named
// struct type reachable from them, keyed as in Ref. It panics, naming the type,
// where it would have to guess: a type that decodes itself and has no rule, two
// types of one short name, or a kind JSON does not have.
func (g Generator) Definitions(roots ...reflect.Type) map[string]any {
	w := newWalk(g)
	for _, t := range roots {
		w.schemaOf(t)
	}
	return w.definitions
}

// Ref takes a struct type (or a pointer to one) and returns the schema that
// points to its definition.
func Ref(t reflect.Type) map[string]any {
	return map[string]any{"$ref": "#/definitions/" + shortName(element(t))}
}

// shortName gives core.v1.Volume for k8s.io/api/core/v1.Volume.
func shortName(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	return strings.Join(append(path[max(0, len(path)-2):], t.Name()), ".")
}

// known lists the JSON types accepted by the Kubernetes and standard types that
// decode themselves; an empty list accepts anything. They are named by string
// so that this package needs no Kubernetes module, whatever its version.
var known = map[string][]any{
	"encoding/json.RawMessage": {},
	"encoding/json.Number":     {"number"},
	"time.Time":                {"string"},
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": {},
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                  {},
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                     {"string"},
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":                {"string"},
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                 {"string"},
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":                 {"object"},
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                 {"string", "number"},
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":               {"string", "integer"},
}

// walk is the state of one run over the types.
type walk struct {
	Generator
	types       map[string]reflect.Type
	definitions map[string]any
}

func newWalk(g Generator) *walk {
	return &walk{g, map[string]reflect.Type{}, map[string]any{}}
}

// schemaOf returns the schema of a value of type t, and records the
// definitions that schema refers to.
func (w *walk) schemaOf(t reflect.Type) map[string]any {
	t = element(t)
	name := t.PkgPath() + "." + t.Name()
	if s, ok := w.Custom[name]; ok {
		return maps.Clone(s)
	}
	if types, ok := known[name]; ok {
		return oneOf(types...)
	}
	if decodesItself(t) {
		panic("schema: no rule for " + name + ", which decodes itself")
	}
	return w.kindOf(t)
}

// kindOf returns the schema of a type that encoding/json decodes by its kind.
func (w *walk) kindOf(t reflect.Type) map[string]any {
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return oneOf("boolean")
	case kind == reflect.String, kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return oneOf("string") // bytes are base64 text in JSON
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return w.integer(t)
	case kind == reflect.Float32, kind == reflect.Float64:
		return oneOf("number")
	case kind == reflect.Slice, kind == reflect.Array:
		return map[string]any{"type": "array", "items": w.schemaOf(t.Elem())}
	case kind == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": w.schemaOf(t.Elem())}
	case kind == reflect.Interface && t.NumMethod() == 0:
		return oneOf()
	case kind == reflect.Struct:
		return w.structOf(t)
	}
	panic(fmt.Sprintf("schema: %s has no JSON form", t))
}

// structOf defines t once and returns a reference to the definition; a struct
// type without a name is written out in place.
func (w *walk) structOf(t reflect.Type) map[string]any {
	if t.Name() == "" {
		return w.object(t)
	}
	name := shortName(t)
	if seen, ok := w.types[name]; !ok {
		w.types[name] = t // before going down: a type may contain itself
		w.definitions[name] = w.object(t)
	} else if seen != t {
		panic(fmt.Sprintf("schema: %s and %s share the name %s", seen.PkgPath(), t.PkgPath(), name))
	}
	return Ref(t)
}

func (w *walk) object(t reflect.Type) map[string]any {
	schemas, required := map[string]any{}, []string{}
	all := w.properties(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		schemas[name] = all[name].schema
		if all[name].required {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": schemas}
	if w.Output {
		s["required"] = required
	} else {
		s["additionalProperties"] = false
	}
	w.describe(s, t, "")
	return s
}

// describe adds the description of a type, or of its field.
func (w *walk) describe(s map[string]any, t reflect.Type, field string) {
	if w.Describe != nil {
		s["description"] = w.Describe(t, field)
	}
}

// property is the schema of a property, and whether it is always written.
type property struct {
	schema   map[string]any
	required bool
}

// properties returns the properties of t by JSON name. As in encoding/json, a
// field of t hides one of the same name that t embeds.
func (w *walk) properties(t reflect.Type) map[string]property {
	own, embedded := map[string]property{}, map[string]property{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && element(f.Type).Kind() == reflect.Struct:
			for n, p := range w.properties(element(f.Type)) {
				if _, ok := embedded[n]; ok {
					panic(fmt.Sprintf("schema: %s embeds %q twice", t, n))
				}
				embedded[n] = p
			}
		case !f.IsExported():
		default:
			own[cmp.Or(name, f.Name)] = w.property(t, f, strings.Split(options, ","))
		}
	}
	maps.Copy(embedded, own)
	return embedded
}

func (w *walk) property(t reflect.Type, f reflect.StructField, options []string) property {
	s := w.field(f.Type, options)
	w.describe(s, t, f.Name)
	return property{s, !slices.Contains(options, "omitempty") && !slices.Contains(options, "omitzero")}
}

// field is schemaOf with the tag option "string", which quotes scalars.
func (w *walk) field(t reflect.Type, options []string) map[string]any {
	kind := element(t).Kind()
	scalar := kind == reflect.String || kind >= reflect.Bool && kind <= reflect.Float64
	if scalar && slices.Contains(options, "string") {
		return oneOf("string")
	}
	return w.schemaOf(t)
}

// oneOf is the schema that accepts the given JSON types; none means anything.
// integer returns the schema of an integer type.
func (w *walk) integer(t reflect.Type) map[string]any {
	s := oneOf("integer")
	if !w.Ranges {
		return s
	}
	unsigned := t.Kind() >= reflect.Uint
	bits := t.Bits()
	if !unsigned {
		bits-- // the sign
	}
	most := int64(1)<<min(bits, 53) - 1
	s["minimum"], s["maximum"] = -most-1, most
	if unsigned {
		s["minimum"] = int64(0)
	}
	return s
}

func oneOf(types ...any) map[string]any {
	switch len(types) {
	case 0:
		return map[string]any{}
	case 1:
		return map[string]any{"type": types[0]}
	}
	return map[string]any{"type": types}
}

// element follows pointers, which JSON does not show.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// decodesItself reports whether the type has its own decoder.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
