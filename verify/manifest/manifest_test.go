package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	kjson "sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"
)

const text = `# two documents, the second a list
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: bus
  namespace: events
  labels: {app: bus}
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: bus
          image: nats
---
---
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "bus-"}}
]}
`

func TestParse(t *testing.T) {
	all, err := Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].String() != "StatefulSet events/bus" || all[1].String() != "Service bus-" || all[0].Group() != "apps" || all[1].Group() != "" || all[0].Labels["app"] != "bus" {
		t.Fatalf("got %v", all)
	}
	for path, want := range map[string]string{
		"": "m.yaml:2", "spec replicas": "m.yaml:9", "spec template spec containers 0 image": "m.yaml:14",
		"spec template spec containers 0 ports": "m.yaml:13", "spec template spec containers 7": "m.yaml:12", "status": "m.yaml:2",
	} {
		if got := all[0].At(strings.Fields(path)...); got != want {
			t.Errorf("position of %q: got %s, want %s", path, got, want)
		}
	}
	var set appsv1.StatefulSet
	if err := all[0].Decode(&set); err != nil || *set.Spec.Replicas != 3 || set.Spec.Template.Spec.Containers[0].Image != "nats" {
		t.Errorf("%+v %v", set, err)
	}
	if got := all[1].At(); got != "m.yaml:18" {
		t.Errorf("position of the Service: got %s", got)
	}
	if Compare(all[0], all[1]) <= 0 || Compare(all[0], all[0]) != 0 {
		t.Error("an object without a namespace must come first")
	}
}

// TestAlias checks that aliased nodes are part of the object, even if the anchor is in another object.
func TestAlias(t *testing.T) {
	all, err := Parse("m.yaml", []byte("apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: StatefulSet\n  metadata: &m {name: a}\n  spec: &s {replicas: 3}\n- {apiVersion: apps/v1, kind: StatefulSet, metadata: *m, spec: *s}"))
	if err != nil {
		t.Fatal(err)
	}
	var set appsv1.StatefulSet
	if err := all[1].Decode(&set); err != nil || set.Name != "a" || *set.Spec.Replicas != 3 {
		t.Errorf("%+v %v", set, err)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"invalid YAML":                  {"a: [", "m.yaml:1: did not find expected node content"},
		"a sequence":                    {"- a", "m.yaml:1: not a Kubernetes object: want a map"},
		"no kind":                       {"\napiVersion: v1\nmetadata: {name: a}", "m.yaml:2: not a Kubernetes object: it has no kind"},
		"no name":                       {"apiVersion: v1\nkind: Pod", "it has no metadata.name"},
		"a name that is a list":         {"apiVersion: v1\nkind: Pod\nmetadata: {name: [a]}", "m.yaml:3: not a Kubernetes object: metadata.name: is a list: want text"},
		"an alias that contains itself": {"apiVersion: v1\nkind: List\nitems: &a [*a]", "m.yaml:3: anchor 'a' value contains itself"},
		"a scalar in a List":            {"apiVersion: v1\nkind: List\nitems:\n- 1", "m.yaml:4: not a Kubernetes object"},
		"kustomization":                 {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization", "kustomize build DIR | holdfast verify -f -"},
	} {
		if _, err := Parse("m.yaml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// TestTyped checks that type errors name line and key, and that keys are case-sensitive as in the API server.
func TestTyped(t *testing.T) {
	const set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec:\n"
	for spec, want := range map[string]string{
		"  replicas: three": `m.yaml:5: StatefulSet a: spec.replicas: is "three": want a whole number`,
		"  template:\n    spec:\n      containers:\n        - livenessProbe: {httpGet: {path: 3}}": `m.yaml:8: StatefulSet a: spec.template.spec.containers[0].livenessProbe.httpGet.path: is 3: want text, "3"`,
		"  template:\n    spec:\n      containers:\n        - resources: {limits: {cpu: many}}":    `m.yaml:8: StatefulSet a: spec.template.spec.containers[0].resources.limits.cpu: is "many": want a quantity, 4 or 16Gi`,
		"  Replicas: three":            "<nil> no replicas",
		"  Replicas: 3\n  replicas: 4": "<nil> 4 replicas",
	} {
		all, err := Parse("m.yaml", []byte(set+spec))
		if err != nil {
			t.Fatal(err)
		}
		var d appsv1.StatefulSet
		got := fmt.Sprint(all[0].Decode(&d))
		switch {
		case got != "<nil>":
		case d.Spec.Replicas == nil:
			got += " no replicas"
		default:
			got += fmt.Sprintf(" %d replicas", *d.Spec.Replicas)
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", spec, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pod := func(name string) string { return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\n" }
	write("b.yaml", pod("b"))
	write("a/c.yml", pod("c"))
	write("a/d.json", `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "d"}}`)
	write("a/NOTES.txt", "no manifest")
	named := write("named", pod("e"))
	all, _, err := Load([]string{dir, named, Stdin}, strings.NewReader(pod("f")))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range all {
		names = append(names, o.Name)
	}
	if want := []string{"c", "d", "b", "e", "f"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if all[4].File != Stdin {
		t.Errorf("the file of standard input is %q", all[4].File)
	}
	for path, want := range map[string]string{filepath.Join(dir, "gone"): "no such file", t.TempDir(): "contains no *.yaml"} {
		if _, _, err := Load([]string{path}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

// TestDecode compares decoded objects with Kubernetes' own YAML decoder.
func TestDecode(t *testing.T) {
	files, err := filepath.Glob("../../golden/*/objects/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	const odd = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nodd: {1: x, true: y, <<: {a: b}, day: 2026-11-21, octal: 0o17, hex: 0x1F, float: 1.50, big: 1234567890123, no: 'no', yes: yes, empty: }\ntext: >-\n  a\n  b\n"
	texts := map[string]string{"odd": odd}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	for name, text := range texts {
		all, err := Parse(name, []byte(text))
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %d objects, %v", name, len(all), err)
			continue
		}
		var got, want any
		if err := all[0].Decode(&got); err != nil {
			t.Error(err)
		}
		asJSON, err := sigsyaml.YAMLToJSON([]byte(text))
		if err == nil {
			err = kjson.UnmarshalCaseSensitivePreserveInts(asJSON, &want)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(text)
	f.Add("apiVersion: v1\nkind: List\nitems: &a [*a]")
	f.Add("a: &a {b: *a}")
	f.Add("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\na: &a {b: *a}\na: {c: 1, c: *a}")
	f.Add("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {replicas: x, template: {spec: {containers: [{ports: 1, resources: {limits: {cpu: []}}}], terminationGracePeriodSeconds: 1.5}}}")
	f.Add("apiVersion: &v v1\nkind: Pod\nmetadata: &m {name: a, labels: {b: *v}}\nspec: {<<: *m}")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse("fuzz.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, o := range all {
			if o.Kind == "" || o.Name == "" || o.Line("spec", "0", "x") < 1 {
				t.Errorf("%+v", o)
			}
			if err := o.Decode(new(appsv1.StatefulSet)); err != nil && strings.Contains(err.Error(), "cannot unmarshal") {
				t.Errorf("the error names Go types: %v", err)
			}
		}
	})
}
