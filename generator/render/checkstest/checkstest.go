// Package checkstest makes test values from stacks/argo-events/checks.yaml: correct event sources and sensors, and some with one
// fault each.
package checkstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/stacks"
	"sigs.k8s.io/yaml"
)

// Check is a check of checks.yaml.
type Check struct {
	Key, If, Says, Of, Do, Runtime string
	Empty, Crash                   bool
	Faults                         []map[string]any
}

// structure is an entry of checks.yaml.
type structure struct {
	Example      map[string]any
	Inline       string
	Within, Each map[string]string
	Checks       []Check
}

// Fault is a value with one fault.
type Fault struct {
	Check
	// Path is the key that a refusal must name.
	Path  string
	Value map[string]any
}

// Objects are event sources and sensors of one release, by name.
type Objects struct {
	EventSources, Sensors map[string]any
	// Faults are by object, "sensors.s1". Correct objects have none.
	Faults map[string]Fault
}

// Read returns the examples of checks.yaml, one in each object, and its faults, also one in each. The event sources of the examples
// are those of the type: each is at eventSources.NAME.TYPE.e.
func Read() (correct, faulty Objects, err error) {
	text, err := stacks.FS.ReadFile("argo-events/checks.yaml")
	if err != nil {
		return correct, faulty, err
	}
	var kinds map[string]map[string]structure
	if err := yaml.UnmarshalStrict(text, &kinds); err != nil {
		return correct, faulty, err
	}
	correct, faulty = newObjects(), newObjects()
	place := func(s structure, put putter) {
		put(correct, s.Example)
		eachFault(kinds["structures"], s, "", func(path string, c Check, value map[string]any) {
			at := put(faulty, value)
			faulty.Faults[Object(at)] = Fault{c, at + path, value}
		}, func(value map[string]any) map[string]any { return value })
	}
	for _, name := range slices.Sorted(maps.Keys(kinds["eventSources"])) {
		place(kinds["eventSources"][name], func(o Objects, value map[string]any) string {
			source := fmt.Sprintf("x%d", len(o.EventSources))
			o.EventSources[source] = map[string]any{name: map[string]any{"e": value}}
			return fmt.Sprintf("eventSources.%s.%s.e", source, name)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(kinds["triggers"])) {
		place(kinds["triggers"][name], func(o Objects, value map[string]any) string {
			return o.sensor(map[string]any{"dependencies": dependencies, "triggers": []any{map[string]any{"template": map[string]any{"name": "t", name: value}}}}) +
				".triggers[0].template." + name
		})
	}
	place(kinds["structures"]["sensor"], Objects.sensor)
	place(kinds["structures"]["trigger"], func(o Objects, value map[string]any) string {
		return o.sensor(map[string]any{"dependencies": dependencies, "triggers": []any{value}}) + ".triggers[0]"
	})
	return correct, faulty, nil
}

// Object returns the object of a path in the values: "sensors.s1" of "sensors.s1.triggers[0].template".
func Object(path string) string {
	parts := strings.SplitN(path, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// putter puts a value into a new object and returns its path.
type putter func(o Objects, value map[string]any) string

var dependencies = []any{map[string]any{"name": "d", "eventSourceName": "hook", "eventName": "in"}}

func newObjects() Objects {
	return Objects{EventSources: map[string]any{}, Sensors: map[string]any{}, Faults: map[string]Fault{}}
}

func (o Objects) sensor(spec map[string]any) string {
	name := fmt.Sprintf("s%d", len(o.Sensors))
	o.Sensors[name] = spec
	return "sensors." + name
}

// eachFault calls try with the path of each fault of a structure and of the structures in it. whole returns the value around one
// of the structure.
func eachFault(all map[string]structure, s structure, path string, try func(string, Check, map[string]any), whole func(map[string]any) map[string]any) {
	for _, c := range s.Checks {
		for _, fault := range c.Faults {
			try(strings.TrimSuffix(path+"."+c.Key, "."), c, whole(Patch(s.Example, fault)))
		}
	}
	with := func(key string, value any) map[string]any {
		changed := maps.Clone(s.Example)
		changed[key] = value
		return changed
	}
	if s.Inline != "" {
		eachFault(all, all[s.Inline], path, try, func(value map[string]any) map[string]any {
			changed := maps.Clone(s.Example)
			maps.DeleteFunc(changed, func(key string, _ any) bool { return all[s.Inline].Example[key] != nil })
			maps.Copy(changed, value)
			return whole(changed)
		})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Within)) {
		eachFault(all, all[s.Within[key]], path+"."+key, try, func(value map[string]any) map[string]any { return whole(with(key, value)) })
	}
	for _, key := range slices.Sorted(maps.Keys(s.Each)) {
		eachFault(all, all[s.Each[key]], fmt.Sprintf("%s.%s[0]", path, key), try, func(value map[string]any) map[string]any { return whole(with(key, []any{value})) })
	}
}

// Patch returns value with a merge patch: maps by key, and null deletes.
func Patch(value, patch map[string]any) map[string]any {
	value = maps.Clone(value)
	if value == nil {
		value = map[string]any{}
	}
	for key, to := range patch {
		above, isMap := to.(map[string]any)
		below, _ := value[key].(map[string]any)
		switch {
		case to == nil:
			delete(value, key)
		case isMap:
			value[key] = Patch(below, above)
		default:
			value[key] = to
		}
	}
	return value
}
