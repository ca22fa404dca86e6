package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/yaml"
)

// edits is the table of stacks/argo-events/edits.yaml: the effect of an edit of every value.
type edits struct {
	// Base are the values of every edit, and Profile its profile.
	Profile string
	Base    map[string]any
	Edits   []edit
	// Free are keys of the schema that have no line: their effect is that of other keys.
	Free []string
}

// edit is a change of one value.
type edit struct {
	Key string
	// Since is the value before, absent for the chart's default. To is the value after.
	Since, To any
	// With are further values of both sides, by key; Also are further values after the edit.
	With, Also map[string]any
	// Effect is the verdict of plan in its own words, or invalid: the chart refuses the values.
	Effect string
	// Rolls are the pods that are replaced, in the order of podsOf.
	Rolls []string
	// Note is what the user must know. An effect other than nothing and in place needs one.
	Note string
}

// invalid is the effect of an edit that the chart refuses.
const invalid = "invalid"

// podsOf are the kinds whose pods a plan reports as replaced, in the words of the table.
var podsOf = []struct{ kind, pods string }{
	{"StatefulSet", "bus"}, {"EventBus", "native bus"}, {"DaemonSet", "leaf"}, {"Deployment", "controller"},
	{"EventSource", "event sources"}, {"Sensor", "sensors"},
}

func loadEdits(t *testing.T) edits {
	t.Helper()
	text, err := os.ReadFile("../../stacks/argo-events/edits.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var table edits
	if err := yaml.UnmarshalStrict(text, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

// TestEdits: the effect of an edit in the table is the verdict of plan.
func TestEdits(t *testing.T) {
	table := loadEdits(t)
	chart, err := generator.Load(generator.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	p := planner{chart: chart, profile: table.Profile, base: table.Base, sides: map[string][]manifest.Object{}}
	for _, e := range table.Edits {
		t.Run(fmt.Sprintf("%s to %v", e.Key, e.To), func(t *testing.T) {
			effect, rolls, said := p.plan(t, e)
			if effect != e.Effect || !slices.Equal(rolls, e.Rolls) {
				t.Errorf("plan: %s, rolls %v; the table: %s, rolls %v\n%s", effect, rolls, e.Effect, e.Rolls, said)
			}
			if e.Note == "" && effect != "nothing" && effect != "in place" {
				t.Errorf("effect %q needs a note", effect)
			}
		})
	}
}

// planner plans edits, and renders each first side once: the values of most edits start from the same side.
type planner struct {
	chart   *generator.Chart
	profile string
	base    map[string]any

	sides map[string][]manifest.Object
}

// side renders the chart with the base and more values.
func (p *planner) side(more ...map[string]any) ([]manifest.Object, error) {
	values := map[string]any{"profile": p.profile}
	maps.Copy(values, copied(p.base))
	for _, m := range more {
		set(values, copied(m))
	}
	key, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	if objects, ok := p.sides[string(key)]; ok {
		return objects, nil
	}
	objects, err := p.chart.Render(render.Options{Release: "events", Namespace: "default", NoHooks: true, Values: values})
	if err == nil {
		p.sides[string(key)] = objects
	}
	return objects, err
}

// plan returns the effect of an edit, the pods that it replaces, and the text of the plan.
func (p *planner) plan(t *testing.T, e edit) (effect string, rolls []string, text string) {
	t.Helper()
	since, to := map[string]any{}, map[string]any{e.Key: e.To}
	if e.Since != nil {
		since[e.Key] = e.Since
	}
	from, err := p.side(e.With, since)
	if err != nil {
		t.Fatal(err)
	}
	after, err := p.side(e.With, since, to, e.Also)
	if err != nil {
		return invalid, nil, err.Error()
	}
	change, err := plan.Compare(plan.Side{Objects: from}, plan.Side{Objects: after}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range podsOf {
		if slices.ContainsFunc(change.Objects, func(c plan.Change) bool { return c.Kind == of.kind && c.Rolls }) {
			rolls = append(rolls, of.pods)
		}
	}
	var out strings.Builder
	if err := change.Write(&out); err != nil {
		t.Fatal(err)
	}
	effect, _, _ = strings.Cut(change.Summary, ":")
	return strings.TrimSuffix(effect, " to do"), rolls, out.String()
}

// set sets values by their dotted keys.
func set(values, more map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(more)) {
		path := strings.Split(key, ".")
		in := values
		for _, part := range path[:len(path)-1] {
			if _, ok := in[part].(map[string]any); !ok {
				in[part] = map[string]any{}
			}
			in = in[part].(map[string]any)
		}
		in[path[len(path)-1]] = more[key]
	}
}

// copied returns a deep copy of values.
func copied(values map[string]any) map[string]any {
	all := map[string]any{}
	text, err := json.Marshal(values)
	if err == nil && values != nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		panic(err)
	}
	return all
}

// TestEditsAreComplete: each key of values.yaml, and each further key of values.schema.json, has a line in the table, in the
// same order. To mend it, add a line to stacks/argo-events/edits.yaml.
func TestEditsAreComplete(t *testing.T) {
	table := loadEdits(t)
	keys := valueKeys(t)
	var listed []string
	for _, e := range table.Edits {
		if len(listed) == 0 || listed[len(listed)-1] != e.Key {
			listed = append(listed, e.Key)
		}
	}
	for _, key := range keys {
		if !slices.Contains(listed, key) && !slices.Contains(table.Free, key) {
			t.Errorf("stacks/argo-events/edits.yaml: no line for %s: add one with the effect of an edit", key)
		}
	}
	for _, key := range slices.Concat(listed, table.Free) {
		if !slices.Contains(keys, key) {
			t.Errorf("stacks/argo-events/edits.yaml: %s is not a value of the chart: remove its line", key)
		}
	}
}

// valueKeys lists the keys of values.yaml without maps of keys, and the keys that only values.schema.json has.
func valueKeys(t *testing.T) []string {
	t.Helper()
	const dir = "../../charts/argo-events/"
	read := func(name string) map[string]any {
		text, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		return tree
	}
	var keys []string
	var walk func(path string, values, schema any)
	walk = func(path string, values, schema any) {
		properties, _ := schema.(map[string]any)
		properties, _ = properties["properties"].(map[string]any)
		inner, isMap := values.(map[string]any)
		if path != "" && (!isMap || len(inner) == 0) {
			keys = append(keys, path)
			return
		}
		for _, key := range slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(inner)), slices.Collect(maps.Keys(properties))...)))) {
			walk(strings.TrimPrefix(path+"."+key, "."), inner[key], properties[key])
		}
	}
	walk("", read("values.yaml"), read("values.schema.json"))
	return keys
}

// editDocs returns the page with the effect of an edit of each value.
func editDocs(t *testing.T) string {
	table := loadEdits(t)
	var out strings.Builder
	out.WriteString(generated + `# The effect of an edit of each value

This page is for the chart argo-events. A test plans each of these edits and compares the verdict of ` + "`holdfast plan`" + ` with
the table. Run ` + "`holdfast plan`" + ` with your own values before an upgrade: the effect can depend on other values.

| effect | meaning |
|---|---|
| nothing | No object changes. |
| in place | One upgrade makes the change. |
| confirm | One upgrade makes the change, with an effect to check or to accept first. |
| migration | The data must migrate to other disks; the chart does it on request. |
| by hand | A step is left to you. ` + "`holdfast plan`" + ` describes it. |
| refused | The API server refuses the change until you delete an object. ` + "`holdfast plan`" + ` prints the commands. |
| loses data | The data on a disk is deleted. |
| invalid | The chart refuses the value. |

The edits start from profile ` + table.Profile + `, the bus of mode managed and the chart's defaults, unless a note names other values.
Pods are replaced one by one, by the rules of their profile.

| value | edit | effect | replaced pods | note |
|---|---|---|---|---|
`)
	for _, e := range table.Edits {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", e.Key, e.describe(), e.Effect, strings.Join(e.Rolls, ", "), e.Note)
	}
	return out.String()
}

// describe returns the edit as text: since -> to.
func (e edit) describe() string {
	text := inline(e.To)
	if e.Since != nil {
		text = inline(e.Since) + " → " + text
	}
	further := copied(e.With)
	maps.Copy(further, e.Also)
	var with []string
	for _, key := range slices.Sorted(maps.Keys(further)) {
		with = append(with, fmt.Sprintf("`%s` %s", key, inline(further[key])))
	}
	if len(with) > 0 {
		text += " with " + strings.Join(with, ", ")
	}
	return text
}

// inline returns a value as code on one line.
func inline(value any) string {
	text, _ := json.Marshal(value)
	if s, ok := value.(string); ok && s != "" {
		text = []byte(s)
	}
	return "`" + strings.ReplaceAll(string(text), "|", `\|`) + "`"
}
