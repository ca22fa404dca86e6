package golden

import (
	"bytes"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/kustomize"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestKustomize: for every case and profile, kustomize build gives the rendered objects.
func TestKustomize(t *testing.T) {
	cases, err := filepath.Glob("*/case.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases found (%v)", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) {
			s := systemOf(t, dir)
			files := folderOf(t, s)
			expect(t, built(t, files, "base"), s.Base.Objects)
			for _, v := range s.Others {
				expect(t, built(t, files, "overlays/"+v.Profile.Name), v.Objects)
			}
		})
	}
}

// TestPatchesAreShort: the patches of a profile are short, and each has its reason in a comment.
func TestPatchesAreShort(t *testing.T) {
	const limit = 200
	files, lines := folderOf(t, systemOf(t, "single-node")), map[string]int{}
	for name, text := range files {
		parts := strings.Split(name, "/")
		if parts[0] != "components" || parts[2] != "patches" {
			continue
		}
		lines[parts[1]] += bytes.Count(text, []byte("\n"))
		if text[0] != '#' {
			t.Errorf("%s has no reason in a comment", name)
		}
	}
	for _, name := range []string{"multi-node", "multi-zone"} {
		if lines[name] == 0 || lines[name] >= limit {
			t.Errorf("the patches of %s have %d lines, want fewer than %d", name, lines[name], limit)
		}
		t.Logf("the patches of %s have %d lines", name, lines[name])
	}
}

// systemOf renders the case in dir under every profile that accepts its values, at least the case's own profile.
func systemOf(t *testing.T, dir string) kustomize.System {
	t.Helper()
	c, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	chart, options, err := c.load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var variants []kustomize.Variant
	for _, p := range chart.Profiles {
		objects, err := chart.Render(options.WithProfile(p.Name))
		if err != nil && p.Name == c.Profile {
			t.Fatal(err)
		}
		if err != nil {
			t.Logf("%s refuses the values", p.Name)
			continue
		}
		variants = append(variants, kustomize.Variant{Profile: p, Objects: objects})
	}
	// Only the target profile accepts the values of a migration to single-node.
	if _, migrates := options.Values["migration"]; len(variants) < 2 && !migrates {
		t.Errorf("only %d profile accepts the values: nothing is compared", len(variants))
	}
	return kustomize.System{Stack: chart.Stack, Release: Release, Namespace: Namespace, Base: variants[0], Others: variants[1:]}
}

// folderOf returns the Kustomize folder of s, and checks that the same input gives the same bytes.
func folderOf(t *testing.T, s kustomize.System) map[string][]byte {
	t.Helper()
	files, err := kustomize.Files(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := kustomize.Files(s)
	if err != nil || !reflect.DeepEqual(files, again) {
		t.Errorf("the same input gives other bytes (%v)", err)
	}
	return files
}

// built returns the objects of kustomize build in a folder, by identity.
func built(t *testing.T, files map[string][]byte, dir string) map[string]map[string]any {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	for name, text := range files {
		if err := memory.WriteFile("/"+name, text); err != nil {
			t.Fatal(err)
		}
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]map[string]any{}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		put(t, objects, text)
	}
	return objects
}

// expect compares built objects with rendered ones, without Helm's own labels and annotations.
func expect(t *testing.T, got map[string]map[string]any, rendered []manifest.Object) {
	t.Helper()
	want := map[string]map[string]any{}
	for _, o := range rendered {
		if !o.Hook {
			put(t, want, []byte(o.Text))
		}
	}
	for id, o := range want {
		withoutHelm(o["metadata"].(map[string]any))
		if !reflect.DeepEqual(got[id], o) {
			t.Errorf("%s differs:\n%s", id, difference(text(t, o), text(t, got[id])))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if want[id] == nil {
			t.Errorf("%s is not rendered", id)
		}
	}
}

func put(t *testing.T, objects map[string]map[string]any, text []byte) {
	t.Helper()
	var o map[string]any
	if err := yaml.UnmarshalStrict(text, &o); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	id := o["apiVersion"].(string) + " " + o["kind"].(string) + " " + o["metadata"].(map[string]any)["name"].(string)
	if objects[id] != nil {
		t.Errorf("%s appears twice", id)
	}
	objects[id] = o
}

func withoutHelm(metadata map[string]any) {
	if labels, ok := metadata["labels"].(map[string]any); ok {
		delete(labels, "helm.sh/chart")
		if labels["app.kubernetes.io/managed-by"] == "Helm" {
			delete(labels, "app.kubernetes.io/managed-by")
		}
	}
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		delete(annotations, "helm.sh/resource-policy")
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
}

func text(t *testing.T, o map[string]any) string {
	t.Helper()
	out, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
