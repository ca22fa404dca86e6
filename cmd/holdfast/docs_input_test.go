package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/generator/schema"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
)

// input is a file that verify reads, described by the comments on its types.
type input struct {
	output
	intro, example string
	// keywords are more keywords of the schema, by type or by type and field.
	keywords map[string]map[string]any
}

var (
	// scalar is text, or a number without quotes.
	scalar = map[string]any{"type": []any{"string", "number"}}

	clusterInput = input{
		output: output{title: "The cluster file", command: "holdfast verify --cluster", sources: [][]string{{"../../verify/cluster/file.go", "File", "Group", "Taint"}}, root: reflect.TypeFor[cluster.File]()},
		intro: `The file describes the nodes for "holdfast verify --cluster FILE" and for the key "cluster" of a
[config](config.md). It is the output of "kubectl get nodes -o yaml", or groups of equal nodes. An
unknown key is an error. For editors: [JSON Schema](cluster.schema.json) of the groups.`,
		example: "cluster",
		keywords: map[string]map[string]any{
			"File":           {"required": []string{"nodes"}},
			"File.Nodes":     {"minItems": 1},
			"Group":          {"required": []string{"name"}},
			"Group.Name":     {"minLength": 1},
			"Group.Count":    {"minimum": 1, "maximum": 10000},
			"Group.Labels":   {"additionalProperties": map[string]any{"type": []any{"string", "number", "boolean"}}},
			"Group.Capacity": {"additionalProperties": scalar},
			"Taint":          {"required": []string{"key", "effect"}},
			"Taint.Key":      {"minLength": 1},
			"Taint.Effect":   {"enum": []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}},
		},
	}
	configInput = input{
		output: output{title: "The config file", command: "holdfast verify --config", sources: [][]string{{"../../verify/config/config.go", "File", "Ignore"}}, root: reflect.TypeFor[config.File]()},
		intro: `The file has the options of "holdfast verify --config FILE" and the findings to ignore, each with a
reason. Flags take precedence. An unknown key is an error. For editors: [JSON Schema](config.schema.json).`,
		example: "config",
		keywords: map[string]map[string]any{
			"File.KubeVersion": scalar,
			"File.Nodes":       {"minimum": 1},
			"File.Zones":       {"minimum": 1},
			"Ignore":           {"required": []string{"rule", "reason"}},
			"Ignore.Rule":      {"minLength": 1},
			"Ignore.Reason":    {"pattern": `\S`},
		},
	}
)

// docs returns the reference of the file: its example and all keys.
func (i input) docs(t *testing.T) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s# %s\n\n%s\n\n```yaml\n%s```\n", generated, i.title, strings.ReplaceAll(i.intro, `"`, "`"), i.read(t))
	for _, spec := range i.types(t) {
		if spec.Name.Name != "File" {
			fmt.Fprintf(&out, "\n## %s\n\n%s\n", spec.Name.Name, sentence(t, spec.Doc, spec.Name.Name))
		}
		out.WriteString("\n| key | | |\n|---|---|---|\n")
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			fmt.Fprintf(&out, "| `%s` | %s | %s |\n", keyOf(f), inWords(t, f.Type), sentence(t, f.Doc, f.Names[0].Name))
		}
	}
	return out.String()
}

// schema is the JSON Schema of the file.
func (i input) schema(t *testing.T) string {
	comments := i.comments(t)
	definitions := map[string]any{}
	for name, definition := range (schema.Generator{Custom: map[string]map[string]any{"github.com/holdfast-ha/holdfast/verify/config.Text": {"type": "string"}}}).Definitions(i.root) {
		definitions[name[strings.LastIndex(name, ".")+1:]] = definition
	}
	for _, spec := range i.types(t) {
		of := spec.Name.Name
		definition := definitions[of].(map[string]any)
		describe := func(s map[string]any, name string) {
			s["description"] = comments[name]
			maps.Copy(s, i.keywords[name])
		}
		describe(definition, of)
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			describe(definition["properties"].(map[string]any)[keyOf(f)].(map[string]any), of+"."+f.Names[0].Name)
		}
	}
	return i.marshal(t, definitions)
}

// read returns the text of the example.
func (i input) read(t *testing.T) string {
	text, err := os.ReadFile("testdata/docs/" + i.example + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestInputSchemas: the schemas accept the examples and refuse what the parsers refuse.
func TestInputSchemas(t *testing.T) {
	for _, test := range []struct {
		input
		parse   func(text string) error
		refused []string
	}{
		{clusterInput, func(text string) error { _, err := cluster.Parse("f.yaml", []byte(text)); return err }, []string{
			"nodes: []", "nodes: [{name: a, size: 3}]", "nodes: [{count: 2}]", "nodes: [{name: a, count: 0}]", "nodes: [{name: a}]\nzones: 3",
			"nodes: [{name: a, taints: [{key: k, effect: Never}]}]", "nodes: [{name: a, taints: [{effect: NoSchedule}]}]", "nodes: [{name: a, capacity: 4}]",
		}},
		{configInput, func(text string) error { _, err := config.Parse("f.yaml", []byte(text), nil); return err }, []string{
			"survive: zone", "ignore: [{rule: claim-roll}]", "ignore: [{reason: none}]", "ignore: [{rule: claim-roll, reason: ' '}]", "ignore: [{rule: claim-roll, reason: a, object: b}]",
			"asPlaced: yes please", "nodes: three", "replication: quorum", "survives: [zone]",
		}},
	} {
		valid, err := jsonschema.NewCompiler().Compile("../../docs/" + test.example + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		matches := func(text string) error {
			var value any
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			marshalled, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			value, err = jsonschema.UnmarshalJSON(strings.NewReader(string(marshalled)))
			if err != nil {
				t.Fatal(err)
			}
			return valid.Validate(value)
		}
		example := test.read(t)
		if err := test.parse(example); err != nil {
			t.Errorf("the example: %v", err)
		}
		if err := matches(example); err != nil {
			t.Errorf("the schema refuses the example: %v", err)
		}
		for _, text := range test.refused {
			if test.parse(text) == nil {
				t.Errorf("%s: the parser accepts %q", test.example, text)
			}
			if matches(text) == nil {
				t.Errorf("%s: the schema accepts %q", test.example, text)
			}
		}
	}
}
