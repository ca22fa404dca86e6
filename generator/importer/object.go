package importer

import (
	"slices"
	"strings"
)

// Object is an object of the installation, as the API server returns it.
type Object struct {
	// At is its position: "file:line".
	At                                string
	APIVersion, Kind, Namespace, Name string
	Fields                            map[string]any
}

// String is "Kind/name".
func (o Object) String() string { return o.Kind + "/" + o.Name }

func (o Object) spec() map[string]any { return child(o.Fields, "spec") }

// custom reports whether o is a custom resource of Argo Events.
func (o Object) custom() bool {
	group, _, _ := strings.Cut(o.APIVersion, "/")
	return group == "argoproj.io" && customKind(o.Kind)
}

func customKind(kind string) bool {
	return slices.Contains([]string{"EventBus", "EventSource", "Sensor"}, kind)
}

// child returns a map below others, an empty one if it is missing.
func child(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	if m == nil {
		return map[string]any{}
	}
	return m
}

// text returns a string below maps, "" if it is missing.
func text(m map[string]any, path ...string) string {
	s, _ := child(m, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

// items returns the maps in a list.
func items(list any) []map[string]any {
	var all []map[string]any
	values, _ := list.([]any)
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

// number returns a number as a float64.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// put sets a value below maps, which it creates.
func put(m map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		below, ok := m[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[key] = below
		}
		m = below
	}
	m[path[len(path)-1]] = value
}

// bookkeeping are annotations of kubectl and Helm about an object. Helm sets its own.
var bookkeeping = []string{"kubectl.kubernetes.io/last-applied-configuration", "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"}

// wanted returns what a person has written of an object: metadata without the fields of the API server, and the spec. null is left out: it
// equals a missing field.
func (o Object) wanted() map[string]any {
	metadata := map[string]any{"name": o.Name}
	live := child(o.Fields, "metadata")
	for _, key := range []string{"labels", "annotations", "finalizers"} {
		if v, ok := live[key]; ok {
			metadata[key] = v
		}
	}
	fields, _ := withoutNull(map[string]any{"metadata": metadata, "spec": o.Fields["spec"]}).(map[string]any)
	annotations := child(fields, "metadata", "annotations")
	for _, key := range bookkeeping {
		delete(annotations, key)
	}
	for _, key := range []string{"labels", "annotations"} {
		if len(child(fields, "metadata", key)) == 0 {
			delete(child(fields, "metadata"), key)
		}
	}
	return fields
}

// withoutNull returns a copy without the keys of maps whose value is null.
func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for key, value := range v {
			if value != nil {
				m[key] = withoutNull(value)
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for n, value := range v {
			list[n] = withoutNull(value)
		}
		return list
	}
	return v
}
