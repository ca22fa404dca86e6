package render_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/stacks"
	"sigs.k8s.io/yaml"
)

// structure is an entry of stacks/argo-events/checks.yaml, check one of its checks.
type structure struct {
	Example      map[string]any
	Inline       string
	Within, Each map[string]string
	Checks       []check
}

type check struct {
	Key, If, Says, Of, Do, Runtime string
	Empty, Crash                   bool
	Faults                         []map[string]any
}

// placed is a value in an event source or sensor of its own. Without a check it is correct.
type placed struct {
	path  string
	check check
	value map[string]any
}

// TestChecks: the example of each structure is accepted. Each of its faults is refused with its key and the way out, and for no
// other reason.
func TestChecks(t *testing.T) {
	text, err := stacks.FS.ReadFile("argo-events/checks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kinds map[string]map[string]structure
	if err := yaml.UnmarshalStrict(text, &kinds); err != nil {
		t.Fatal(err)
	}
	correct, faulty := newObjects(), newObjects()
	for _, name := range slices.Sorted(maps.Keys(kinds["eventSources"])) {
		put := func(o *objects, value map[string]any) string {
			o.sources[o.next("x")] = map[string]any{name: map[string]any{"e": value}}
			return fmt.Sprintf("eventSources.x%d.%s.e", o.count, name)
		}
		place(correct, faulty, kinds["structures"], kinds["eventSources"][name], put)
	}
	for _, name := range slices.Sorted(maps.Keys(kinds["triggers"])) {
		put := func(o *objects, value map[string]any) string {
			o.sensors[o.next("s")] = sensor(dependency, map[string]any{"template": map[string]any{"name": "t", name: value}})
			return fmt.Sprintf("sensors.s%d.triggers[0].template.%s", o.count, name)
		}
		place(correct, faulty, kinds["structures"], kinds["triggers"][name], put)
	}
	for name, put := range map[string]func(o *objects, value map[string]any) string{
		"sensor": func(o *objects, value map[string]any) string {
			o.sensors[o.next("s")] = value
			return fmt.Sprintf("sensors.s%d", o.count)
		},
		"trigger": func(o *objects, value map[string]any) string {
			o.sensors[o.next("s")] = sensor(dependency, value)
			return fmt.Sprintf("sensors.s%d.triggers[0]", o.count)
		},
	} {
		place(correct, faulty, kinds["structures"], kinds["structures"][name], put)
	}
	if err := correct.refusals(t); len(err) > 0 {
		t.Errorf("the examples are refused: %q", err)
	}
	lines := faulty.refusals(t)
	for object, p := range faulty.placed {
		begin, end := "- "+p.path+": ", ": "+p.check.Do
		if got := lines[object]; len(got) != 1 || !strings.HasPrefix(got[0], begin) || !strings.HasSuffix(got[0], end) {
			t.Errorf("%v: got %q, want %s ... %s", p.value, got, begin, end)
		}
	}
	if len(faulty.placed) < 400 {
		t.Errorf("only %d faults", len(faulty.placed))
	}
}

var dependency = map[string]any{"name": "d", "eventSourceName": "orders", "eventName": "created"}

func sensor(dependency, trigger any) map[string]any {
	return map[string]any{"dependencies": []any{dependency}, "triggers": []any{trigger}}
}

// objects are the event sources and sensors of one release, and the value in each by its path, "sensors.s1".
type objects struct {
	sources, sensors map[string]any
	count            int
	placed           map[string]placed
}

func newObjects() *objects {
	return &objects{sources: map[string]any{}, sensors: map[string]any{}, placed: map[string]placed{}}
}

// next returns a new name.
func (o *objects) next(prefix string) string {
	o.count++
	return fmt.Sprintf("%s%d", prefix, o.count)
}

// refusals returns the lines of each object.
func (o *objects) refusals(t *testing.T) map[string][]string {
	t.Helper()
	values := over(decoded(t, oneOfEach), map[string]any{"eventSources": o.sources, "sensors": o.sensors})
	_, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default", Values: values})
	lines := map[string][]string{}
	if err == nil {
		return lines
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		parts := strings.SplitN(strings.TrimPrefix(line, "- "), ".", 3)
		if strings.HasPrefix(line, "- ") {
			object := strings.Join(parts[:min(2, len(parts))], ".")
			lines[object] = append(lines[object], line)
		}
	}
	return lines
}

// place puts the example of a structure into one release, and each of its faults into the other. put returns the path of the value.
func place(correct, faulty *objects, all map[string]structure, s structure, put func(*objects, map[string]any) string) {
	put(correct, s.Example)
	eachFault(all, s, "", func(path string, c check, value map[string]any) {
		at := put(faulty, value)
		object := strings.Join(strings.SplitN(at, ".", 3)[:2], ".")
		faulty.placed[object] = placed{at + path, c, value}
	}, func(value map[string]any) map[string]any { return value })
}

// eachFault calls try with the path of each fault of a structure and of the structures in it. whole returns the value around one of the
// structure.
func eachFault(all map[string]structure, s structure, path string, try func(string, check, map[string]any), whole func(map[string]any) map[string]any) {
	for _, c := range s.Checks {
		for _, fault := range c.Faults {
			try(strings.TrimSuffix(path+"."+c.Key, "."), c, whole(patched(s.Example, fault)))
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

// patched applies a merge patch: maps by key, and null deletes.
func patched(value, patch map[string]any) map[string]any {
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
			value[key] = patched(below, above)
		default:
			value[key] = to
		}
	}
	return value
}
