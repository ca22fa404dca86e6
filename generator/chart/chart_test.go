package chart_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/folder"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// shipped lists the names of holdfast's own stacks.
func shipped(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(stacks.FS, "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("stacks are %v, %v", files, err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file, ".yaml"))
	}
	return names
}

// generate returns the chart of a shipped stack.
func generate(t *testing.T, name string) chart.Files {
	t.Helper()
	s, err := stack.Load(stacks.FS, name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.New(s, all)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestSameInputSameBytes(t *testing.T) {
	for _, name := range shipped(t) {
		first := generate(t, name)
		for range 3 {
			again := generate(t, name)
			if !maps.EqualFunc(first, again, bytes.Equal) {
				t.Fatalf("%s: differs in %v", name, different(first, again))
			}
		}
	}
}

// TestChartsAreFresh: charts/ contains exactly the files that the generator writes, with their checksums.
func TestChartsAreFresh(t *testing.T) {
	names := shipped(t)
	for _, name := range names {
		want := generate(t, name)
		want[folder.SumFile] = folder.Sums(want)
		got, err := folder.Read(filepath.Join("../../charts", name))
		if err != nil {
			t.Fatalf("%v: run make generate", err)
		}
		if stale := different(want, got); len(stale) > 0 {
			t.Errorf("charts/%s is stale, run make generate:\n  %s", name, strings.Join(stale, "\n  "))
		}
	}
	entries, err := os.ReadDir("../../charts")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("charts/%s has no stack: remove it", e.Name())
		}
	}
}

// different lists the files that differ between a and b.
func different(a, b map[string][]byte) []string {
	var names []string
	for name, text := range a {
		if other, ok := b[name]; !ok || !bytes.Equal(text, other) {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// eachTemplate calls check with every file of templates/ of every shipped chart.
func eachTemplate(t *testing.T, check func(t *testing.T, file, text string)) {
	t.Helper()
	for _, name := range shipped(t) {
		files := generate(t, name)
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if strings.HasPrefix(file, "templates/") {
				t.Run(name+"/"+strings.TrimPrefix(file, "templates/"), func(t *testing.T) { check(t, file, string(files[file])) })
			}
		}
	}
}

// deepest is the maximum nesting of if, with, range and define.
const deepest = 4

func TestTemplatesAreShallow(t *testing.T) {
	eachTemplate(t, func(t *testing.T, file, text string) {
		tree := parse.New(file)
		tree.Mode = parse.SkipFuncCheck
		definitions := map[string]*parse.Tree{}
		if _, err := tree.Parse(text, "", "", definitions); err != nil {
			t.Fatal(err)
		}
		for name, d := range definitions {
			n := nesting(d.Root)
			if name != file {
				n++
			}
			if n > deepest {
				t.Errorf("%s: %d levels of if, with, range and define, want at most %d", name, n, deepest)
			}
		}
	})
}

// nesting is the depth of the branches below a node. An else-if has the depth of its if.
func nesting(n parse.Node) int {
	switch n := n.(type) {
	case *parse.ListNode:
		most := 0
		if n != nil {
			for _, item := range n.Nodes {
				most = max(most, nesting(item))
			}
		}
		return most
	case *parse.IfNode:
		return branch(&n.BranchNode)
	case *parse.WithNode:
		return branch(&n.BranchNode)
	case *parse.RangeNode:
		return branch(&n.BranchNode)
	}
	return 0
}

func branch(n *parse.BranchNode) int {
	most := 1 + nesting(n.List)
	if n.ElseList == nil {
		return most
	}
	if len(n.ElseList.Nodes) == 1 && nesting(n.ElseList) > 0 {
		return max(most, nesting(n.ElseList))
	}
	return max(most, 1+nesting(n.ElseList))
}

func TestNesting(t *testing.T) {
	for text, want := range map[string]int{
		"a": 0, "{{ if a }}{{ end }}": 1, "{{ if a }}{{ with b }}{{ end }}{{ end }}": 2,
		"{{ if a }}{{ else if b }}{{ else if c }}{{ end }}": 1, "{{ if a }}{{ else if b }}{{ range c }}{{ end }}{{ end }}": 2,
		"{{ range a }}x{{ else }}x{{ if b }}{{ end }}{{ end }}": 2, "{{ if a }}{{ end }}{{ if b }}{{ end }}": 1,
	} {
		tree := parse.New("t")
		tree.Mode = parse.SkipFuncCheck
		parsed, err := tree.Parse(text, "", "", map[string]*parse.Tree{})
		if err != nil {
			t.Fatal(err)
		}
		if got := nesting(parsed.Root); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// TestObjectsBeginWithAPIVersion: a template begins with its object; conditions and overrides are below.
func TestObjectsBeginWithAPIVersion(t *testing.T) {
	seen := 0
	eachTemplate(t, func(t *testing.T, file, text string) {
		for _, definition := range strings.Split(text, "{{- define ")[1:] {
			lines := strings.SplitN(definition, "\n", 3)
			if !strings.Contains(definition, "\napiVersion: ") || strings.HasSuffix(file, ".tpl") {
				continue
			}
			seen++
			if !strings.HasPrefix(lines[1], "apiVersion: ") {
				t.Errorf("%s begins with %q, want apiVersion", strings.Fields(lines[0])[0], lines[1])
			}
		}
	})
	if seen == 0 {
		t.Error("no object was found")
	}
}

// TestFilesNameTheirSource: the first line of each generated file names its source. CustomResourceDefinitions are copied from Argo Events.
func TestFilesNameTheirSource(t *testing.T) {
	generated := regexp.MustCompile(`Code generated by holdfast from ([-a-z]+/|(component \w+ of )?stack [-a-z]+\.yaml).*; DO NOT EDIT`)
	for _, name := range shipped(t) {
		for file, text := range generate(t, name) {
			first, second, _ := strings.Cut(string(text), "\n")
			if path.Ext(file) == ".json" {
				first = second
			}
			if !generated.MatchString(first) && !strings.HasPrefix(file, "crds/") {
				t.Errorf("%s: %s begins with %q", name, file, first)
			}
		}
	}
}

var (
	anyNindent = regexp.MustCompile(`nindent (\d+)`)
	// Two forms are permitted: a block, and a block that is an item of a list.
	block = regexp.MustCompile(`^( *)\{\{-? .*\| nindent (\d+) -?\}\}$`)
	item  = regexp.MustCompile(`^( *- )\{\{-? .*\| nindent (\d+) \| trim -?\}\}$`)
)

// TestIndentationIsVisible: the argument of nindent is the column of its action.
func TestIndentationIsVisible(t *testing.T) {
	seen := 0
	eachTemplate(t, func(t *testing.T, file, text string) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimRight(line, "\n")
			if !anyNindent.MatchString(line) {
				continue
			}
			seen++
			form := block.FindStringSubmatch(line)
			if form == nil {
				form = item.FindStringSubmatch(line)
			}
			if form == nil {
				t.Errorf("%s:%d: unknown form of nindent: %s", file, number, line)
			} else if form[2] != strconv.Itoa(len(form[1])) {
				t.Errorf("%s:%d: nindent %s in column %d: %s", file, number, form[2], len(form[1]), strings.TrimSpace(line))
			}
		}
	})
	if seen == 0 {
		t.Error("no nindent was found")
	}
}

func TestStatefulSetsFitOnAPage(t *testing.T) {
	seen := 0
	eachTemplate(t, func(t *testing.T, file, text string) {
		if path.Base(file) != "statefulset.yaml" {
			return
		}
		seen++
		definition, _, _ := strings.Cut(text[strings.Index(text, "{{- define "):], "\n\n")
		if lines := strings.Count(definition, "\n"); lines > 150 {
			t.Errorf("%s: %d lines, want at most 150", file, lines)
		}
	})
	if seen == 0 {
		t.Error("no statefulset.yaml was found")
	}
}

// helpers are the files of definitions that a chart may have.
var helpers = []string{"_names.tpl", "_values.tpl", "_alerts.tpl", "_pods.tpl", "_bus.tpl", "_leaf.tpl", "_sources.tpl", "_migration.tpl", "_refusals.tpl", "_upgrade.tpl", "_checks.tpl"}

// textFile is the name of a template with the text of a file: nats.conf in _nats.conf.tpl.
var textFile = regexp.MustCompile(`^_[-a-z]+\.[a-z]+\.tpl$`)

func TestHelpersAreFew(t *testing.T) {
	eachTemplate(t, func(t *testing.T, file, _ string) {
		dir, base := path.Split(file)
		switch {
		case !strings.HasPrefix(base, "_") && !strings.HasSuffix(base, ".tpl"):
		case dir == "templates/" && slices.Contains(helpers, base):
		case dir != "templates/" && textFile.MatchString(base):
		default:
			t.Errorf("%s: want helpers %v, and in folders only mounted files", file, helpers)
		}
	})
}

// TestValuesAndSchemaAgree: values.yaml and the schema have the same keys.
func TestValuesAndSchemaAgree(t *testing.T) {
	for _, name := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			files := generate(t, name)
			c, err := render.Load(files)
			if err != nil {
				t.Fatal(err)
			}
			if err := chartutil.ValidateAgainstSchema(c, c.Values); err != nil {
				t.Errorf("the schema rejects values.yaml: %v", err)
			}
			var values map[string]any
			if err := yaml.UnmarshalStrict(files["values.yaml"], &values); err != nil {
				t.Fatal(err)
			}
			var schema map[string]any
			if err := json.Unmarshal(files["values.schema.json"], &schema); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range agree(schema, values, "") {
				t.Error(wrong)
			}
		})
	}
}

// TestReservedNames: no component can have the name of a value of every chart.
func TestReservedNames(t *testing.T) {
	s, err := stack.Load(stacks.FS, "web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(generate(t, "web")["values.schema.json"], &schema); err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		if slices.ContainsFunc(s.Components, func(c stack.Component) bool { return c.Name == key }) {
			continue
		}
		text := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n  - {name: " + key + ", replication: stateless, image: {repository: a, tag: b}}\n"
		if _, err := stack.Parse("a.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "is reserved for a value of every chart") {
			t.Errorf("a component named %s: %v", key, err)
		}
	}
}

// agree compares the properties of a schema, except those of API types, with the keys of the values.
func agree(schema map[string]any, values any, at string) []string {
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return nil
	}
	shown, ok := values.(map[string]any)
	if !ok || len(shown) == 0 {
		return nil // null or {}: the keys are the user's
	}
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		value, ok := shown[key]
		switch {
		case at == "" && key == "global": // Helm's own
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s%s is in the schema but not in values.yaml", at, key))
		default:
			wrong = append(wrong, agree(properties[key].(map[string]any), value, at+key+".")...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(shown)) {
		if _, ok := properties[key]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s%s is in values.yaml but not in the schema", at, key))
		}
	}
	if schema["additionalProperties"] != false {
		wrong = append(wrong, fmt.Sprintf("%s: the schema accepts unknown keys", strings.TrimSuffix("values."+at, ".")))
	}
	return wrong
}

// refusal is the form of a refusal in a template: "- key: problem: remedy", indented like the code around it.
var refusal = regexp.MustCompile(`^ +- [a-zA-Z{].*?: .+: .+$`)

// TestRefusalsHaveOneForm: every line of text in the templates of refusals is a complete refusal.
func TestRefusalsHaveOneForm(t *testing.T) {
	seen := 0
	eachTemplate(t, func(t *testing.T, file, text string) {
		if !strings.Contains(path.Base(file), "refusals") {
			return
		}
		text = regexp.MustCompile(`(?s)\{\{-? ?/\*.*?\*/ ?-?\}\}`).ReplaceAllString(text, "")
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "{{") {
				continue
			}
			seen++
			if !refusal.MatchString(line) {
				t.Errorf("%s: not a refusal in the form \"- key: problem: remedy\": %s", file, line)
			}
		}
	})
	if seen == 0 {
		t.Error("no refusal was found")
	}
}

// TestFourthProfile: values.yaml and the README show the value of every profile, not only of the built-in ones.
func TestFourthProfile(t *testing.T) {
	s, err := stack.Load(stacks.FS, "web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	racks, err := profile.Parse("multi-rack.yaml", []byte(`
name: multi-rack
summary: Any one rack may fail.
needs: {nodes: 5}
survives:
  - {name: rack, label: example.com/rack, domains: 5}
  - {name: node, label: kubernetes.io/hostname, domains: 5}
promise: {service: any one rack lost, data: the same, after: "-"}
replicas: {quorum: 5, standby: 2, stateless: 4}
evictAfterSeconds: 30
`))
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.New(s, append(all, racks))
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{
		"values.yaml": {
			"  # single-node 1, multi-node 3, multi-zone 3, multi-rack 5\n  replicas: null",
			"  # single-node: none\n  # multi-node, multi-zone, multi-rack: {maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow}\n  podDisruptionBudget: null",
			"  # every profile: {type: RollingUpdate}\n  updateStrategy: null",
			"topologyKey: example.com/rack",
		},
		"README.md": {
			"single-node `1`; multi-node, multi-zone `3`; multi-rack `5`",
			"single-node `none`; multi-node, multi-zone, multi-rack `{maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow}`",
		},
	} {
		for _, part := range want {
			if !strings.Contains(string(files[file]), part) {
				t.Errorf("%s has no %q", file, part)
			}
		}
	}
}

// row is a row of the table of values in a chart's README: key, default, description.
var row = regexp.MustCompile("(?m)^\\| `([^`]*)` +\\| (.*?) +\\| (.*) \\|$")

// TestEveryValueIsInTheReadme: the tables have each key of values.yaml, with a description of the key or of the map that contains it.
func TestEveryValueIsInTheReadme(t *testing.T) {
	for _, name := range shipped(t) {
		files := generate(t, name)
		described, seen := map[string]bool{}, map[string]bool{}
		_, reference, _ := strings.Cut(string(files["README.md"]), "\n## Values\n")
		for _, match := range row.FindAllStringSubmatch(reference, -1) {
			key := match[1]
			above := key[:max(0, strings.LastIndex(key, "."))]
			described[key] = match[3] != "" || described[above]
			if !described[key] {
				t.Errorf("%s: %s has no description", name, key)
			}
			if strings.HasPrefix(match[3], "Like ") {
				t.Errorf("%s: %s refers to another key: %s", name, key, match[3])
			}
			seen[key] = true
		}
		var values map[string]any
		if err := yaml.Unmarshal(files["values.yaml"], &values); err != nil {
			t.Fatal(err)
		}
		for _, key := range leaves(values, "") {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(shown string) bool { return key == shown || strings.HasPrefix(key, shown+".") }) {
				t.Errorf("%s: %s is not in the table", name, key)
			}
		}
	}
}

// leaves lists the paths of values that are not maps, and of empty maps.
func leaves(values map[string]any, prefix string) []string {
	var all []string
	for key, value := range values {
		if below, ok := value.(map[string]any); ok && len(below) > 0 {
			all = append(all, leaves(below, prefix+key+".")...)
		} else {
			all = append(all, prefix+key)
		}
	}
	return all
}

// TestLongDescriptions: a description with line breaks and empty lines stays a comment, and the objects are the same without it.
func TestLongDescriptions(t *testing.T) {
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	var want any
	for _, description := range []string{"API", "first\nsecond: line\n\n# third\n\n" + strings.Repeat("long ", 40)} {
		s, err := stack.Load(stacks.FS, "web.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Components {
			s.Components[i].Description = description
		}
		files, err := chart.New(s, all)
		if err != nil {
			t.Fatal(err)
		}
		c, err := render.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := render.Render(c, render.Options{Release: "shop", Namespace: "shop", Values: map[string]any{"profile": "multi-zone"}})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = objects
		}
		if !reflect.DeepEqual(want, any(objects)) {
			t.Errorf("the objects differ with description %q", description)
		}
	}
}

// TestDescriptionsAreUnique: a description in values.yaml is not repeated; later keys refer to the first one.
func TestDescriptionsAreUnique(t *testing.T) {
	for _, name := range shipped(t) {
		seen := map[string]int{}
		for line := range strings.Lines(string(generate(t, name)["values.yaml"])) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "# -- "); ok && !strings.HasPrefix(text, "Like ") {
				seen[text]++
			}
		}
		for text, n := range seen {
			if n > 1 {
				t.Errorf("%s: %d times: %s", name, n, text)
			}
		}
	}
}
