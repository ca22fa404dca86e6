package importer

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Effect is how a field differs.
type Effect string

// The effects on a field.
const (
	// Added: the chart sets a field that was unset.
	Added Effect = "added"
	// Changed: the field has another value.
	Changed Effect = "changed"
	// Missing: the field is no longer set.
	Missing Effect = "missing"
	// Ignored: the type has no such field. It had no effect, and is no longer set.
	Ignored Effect = "ignored"
)

// Difference is a field of an object that differs from what the values render.
type Difference struct {
	Object string `json:"object"`
	Field  string `json:"field"`
	Effect Effect `json:"effect"`
	Was    any    `json:"was,omitempty"`
	Is     any    `json:"is,omitempty"`
}

// differences compares two objects. A map or list that only one side has is one difference.
func differences(object string, was, is map[string]any) []Difference {
	var all []Difference
	walk(nil, was, is, func(path []string, effect Effect, was, is any) {
		all = append(all, Difference{object, field(path), effect, was, is})
	})
	return all
}

// walk calls each for every difference of two values.
func walk(path []string, was, is any, each func(path []string, effect Effect, was, is any)) {
	if a, ok := was.(map[string]any); ok {
		if b, ok := is.(map[string]any); ok {
			both := maps.Clone(a)
			maps.Copy(both, b)
			for _, key := range slices.Sorted(maps.Keys(both)) {
				at := append(slices.Clone(path), key)
				old, inA := a[key]
				now, inB := b[key]
				switch {
				case !inA:
					added(at, now, each)
				case !inB:
					each(at, Missing, old, nil)
				default:
					walk(at, old, now, each)
				}
			}
			return
		}
	}
	if a, ok := was.([]any); ok {
		if b, ok := is.([]any); ok {
			walkLists(path, a, b, each)
			return
		}
	}
	if !equal(was, is) {
		each(path, Changed, was, is)
	}
}

// added calls each for a field that only the second value has. An empty map adds nothing; the maps of specs and templates are listed field by
// field.
func added(path []string, now any, each func(path []string, effect Effect, was, is any)) {
	m, ok := now.(map[string]any)
	switch {
	case ok && (len(m) == 0 || len(path) <= 3):
		walk(path, map[string]any{}, m, each)
	default:
		each(path, Added, nil, now)
	}
}

// walkLists compares lists item by item: items with a name or another identity by it, others by position.
func walkLists(path []string, was, is []any, each func(path []string, effect Effect, was, is any)) {
	rest := slices.Clone(is)
	for n, old := range was {
		at := append(slices.Clone(path), fmt.Sprint(n))
		found := slices.IndexFunc(rest, func(now any) bool { return now != nil && identity(now) != "" && identity(now) == identity(old) })
		if identity(old) == "" && n < len(is) {
			found = n
		}
		if found < 0 {
			each(at, Missing, old, nil)
			continue
		}
		walk(at, old, is[found], each)
		rest[found] = nil
	}
	for n, now := range rest {
		if now != nil {
			each(append(slices.Clone(path), fmt.Sprint(n)), Added, nil, now)
		}
	}
}

// identity is what identifies an item of a list for the chart and for Kubernetes, "" for none.
func identity(item any) string {
	m, ok := item.(map[string]any)
	switch {
	case !ok:
		return fmt.Sprint(item)
	case m["mountPath"] != nil:
		return "mountPath " + fmt.Sprint(m["mountPath"])
	case m["name"] != nil:
		return "name " + fmt.Sprint(m["name"])
	case m["operator"] != nil || m["effect"] != nil:
		return fmt.Sprint("toleration ", m["key"], " ", m["effect"], " ", m["value"])
	case text(m, "template", "name") != "":
		return "trigger " + text(m, "template", "name")
	}
	return ""
}

// equal compares values of YAML; a number has one value, whatever its Go type.
func equal(a, b any) bool {
	x, ok := number(a)
	y, alsoOK := number(b)
	if ok && alsoOK {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

// field is a path as text: spec.triggers[0].template.
func field(path []string) string {
	var s strings.Builder
	for n, step := range path {
		switch {
		case step != "" && strings.Trim(step, "0123456789") == "":
			s.WriteString("[" + step + "]")
		case strings.ContainsAny(step, "./"):
			s.WriteString("[" + fmt.Sprintf("%q", step) + "]")
		case n > 0:
			s.WriteString("." + step)
		default:
			s.WriteString(step)
		}
	}
	return s.String()
}

// patch returns what must be merged over is so that it has every field of was; nil for nothing. A list with a difference is taken as a
// whole.
func patch(was, is map[string]any) map[string]any {
	all := map[string]any{}
	for key, old := range was {
		now, ok := is[key]
		a, isMap := old.(map[string]any)
		b, alsoMap := now.(map[string]any)
		switch {
		case !ok:
			all[key] = old
		case isMap && alsoMap:
			if below := patch(a, b); below != nil {
				all[key] = below
			}
		case loses(old, now):
			all[key] = old
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// loses reports whether a field of was is changed or missing.
func loses(was, is any) bool {
	lost := false
	walk(nil, was, is, func(_ []string, effect Effect, _, _ any) { lost = lost || effect != Added })
	return lost
}
