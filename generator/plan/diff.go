package plan

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Field is a difference between two versions of an object. Old is absent if the field is new, New if it is removed.
type Field struct {
	// Path is like spec.template.spec.containers[bus].image.
	Path string `json:"path"`
	Old  any    `json:"old,omitempty"`
	New  any    `json:"new,omitempty"`
	// Immutable reports whether the API server refuses the change.
	Immutable bool `json:"immutable,omitempty"`

	// dotted is the path without list items, as in the rules for immutable fields.
	dotted string
}

// differences lists the fields in which two objects differ, by path.
func differences(old, now map[string]any) []Field {
	var all []Field
	walk(old, now, nil, &all)
	for i, f := range all {
		all[i].dotted = strings.TrimPrefix(f.dotted, ".")
		all[i].Path = strings.TrimPrefix(f.Path, ".")
	}
	return all
}

// step is a part of a path: a key, or an item of a list.
type step struct {
	name string
	list bool
}

func walk(old, now any, path []step, all *[]Field) {
	if reflect.DeepEqual(old, now) {
		return
	}
	a, oldIsMap := old.(map[string]any)
	b, nowIsMap := now.(map[string]any)
	if oldIsMap && nowIsMap {
		for _, key := range keys(a, b) {
			walk(a[key], b[key], append(slices.Clone(path), step{key, false}), all)
		}
		return
	}
	a, names, oldIsNamed := named(old)
	b, others, nowIsNamed := named(now)
	// The order matters: for variables the last of one name applies, for rules the first match.
	if oldIsNamed && nowIsNamed && inOrder(names, others) {
		for _, name := range keys(a, b) {
			walk(a[name], b[name], append(slices.Clone(path), step{name, true}), all)
		}
		return
	}
	before, _ := old.([]any)
	after, _ := now.([]any)
	if sameLength(before, after) && !oldIsNamed && !nowIsNamed {
		for i := range before {
			walk(before[i], after[i], append(slices.Clone(path), step{strconv.Itoa(i), true}), all)
		}
		return
	}
	*all = append(*all, field(path, old, now))
}

// identities are the fields that identify an item of a list, as in the API's merge keys.
var identities = [][]string{{"name"}, {"metadata", "name"}, {"topologyKey"}, {"mountPath"}, {"containerPort"}, {"port"}, {"key"}}

// named turns a list into a map if all items have a unique name, or another field that identifies them.
func named(value any) (map[string]any, []string, bool) {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nil, nil, false
	}
	for _, field := range identities {
		if byName, names, ok := identified(list, field); ok {
			return byName, names, true
		}
	}
	return nil, nil, false
}

// identified turns a list into a map by a field of its items. ok is false if an item lacks it or two have the same.
func identified(list []any, field []string) (byName map[string]any, names []string, ok bool) {
	byName = map[string]any{}
	for _, item := range list {
		value := at(item, field...)
		if value == nil || value == "" {
			return nil, nil, false
		}
		name := fmt.Sprint(value)
		if _, twice := byName[name]; twice {
			return nil, nil, false
		}
		byName[name] = item
		names = append(names, name)
	}
	return byName, names, true
}

// sameLength reports whether two lists have the same number of items, all maps.
func sameLength(a, b []any) bool {
	isMap := func(item any) bool { _, ok := item.(map[string]any); return ok }
	return len(a) > 0 && len(a) == len(b) && !slices.ContainsFunc(slices.Concat(a, b), func(item any) bool { return !isMap(item) })
}

// inOrder reports whether the common names of two lists have the same order.
func inOrder(a, b []string) bool {
	common := func(list, of []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return !slices.Contains(of, name) })
	}
	return slices.Equal(common(a, b), common(b, a))
}

func field(path []step, old, now any) Field {
	f := Field{Old: old, New: now}
	for _, s := range path {
		switch {
		case s.list:
			f.Path += "[" + s.name + "]"
			continue
		case strings.ContainsAny(s.name, "./[]"):
			f.Path += `["` + s.name + `"]`
		default:
			f.Path += "." + s.name
		}
		f.dotted += "." + s.name
	}
	return f
}

// withoutNulls removes keys without a value, as the API server does.
func withoutNulls(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if inner == nil {
				delete(value, key)
			}
			withoutNulls(inner)
		}
	case []any:
		for _, item := range value {
			withoutNulls(item)
		}
	}
}

// at returns the value at a path of keys, or nil.
func at(tree any, path ...string) any {
	for _, key := range path {
		m, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		tree = m[key]
	}
	return tree
}

// text returns the string at a path, or an empty one.
func text(tree any, path ...string) string {
	s, _ := at(tree, path...).(string)
	return s
}

// number returns the integer at a path, or the default of the API.
func number(tree any, byDefault int, path ...string) int {
	if n, ok := at(tree, path...).(float64); ok {
		return int(n)
	}
	return byDefault
}

// items returns the list at a path, or nil.
func items(tree any, path ...string) []any {
	list, _ := at(tree, path...).([]any)
	return list
}

// keys returns the keys of both maps, sorted.
func keys(a, b map[string]any) []string {
	all := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(all)
	return slices.Compact(all)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
