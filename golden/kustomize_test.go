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
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestKustomize: of every case Kustomize builds for each profile what is rendered for it.
func TestKustomize(t *testing.T) {
	cases, err := filepath.Glob("*/case.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases found (%v)", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) {
			s := system(t, dir)
			files := folderOf(t, s)
			expect(t, built(t, files, "base"), s.Base.Objects)
			for _, v := range s.Others {
				expect(t, built(t, files, "overlays/"+v.Profile.Name), v.Objects)
			}
		})
	}
}

// TestPatchesAreShort: a person can read what a profile changes of the flagship. Each patch says why.
func TestPatchesAreShort(t *testing.T) {
	const most = 200
	files, lines := folderOf(t, system(t, "single-node")), map[string]int{}
	for name, text := range files {
		parts := strings.Split(name, "/")
		if parts[0] != "components" || parts[2] != "patches" {
			continue
		}
		lines[parts[1]] += bytes.Count(text, []byte("\n"))
		if text[0] != '#' {
			t.Errorf("%s does not say why", name)
		}
	}
	for _, name := range []string{"multi-node", "multi-zone"} {
		if lines[name] == 0 || lines[name] >= most {
			t.Errorf("the patches of %s have %d lines, want fewer than %d", name, lines[name], most)
		}
		t.Logf("the patches of %s have %d lines", name, lines[name])
	}
}

// system renders the case in dir for all profiles that its values allow: some values are refused by a profile, never by the case's own.
func system(t *testing.T, dir string) kustomize.System {
	t.Helper()
	c, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	helmChart, options, err := c.load(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	s := kustomize.System{Release: Release, Namespace: Namespace}
	if s.Stack, err = stack.Load(stacks.FS, c.Stack+".yaml"); err != nil {
		t.Fatal(err)
	}
	var variants []kustomize.Variant
	for _, p := range all {
		options.Values["profile"] = p.Name
		objects, err := render.Render(helmChart, options)
		if err != nil && p.Name == c.Profile {
			t.Fatal(err)
		}
		if err != nil {
			t.Logf("%s refuses the values", p.Name)
			continue
		}
		variants = append(variants, kustomize.Variant{Profile: p, Objects: objects})
	}
	// A move to single-node is one from all the others.
	if _, moves := options.Values["migration"]; len(variants) < 2 && !moves {
		t.Errorf("only %d profile allows the values: nothing is compared", len(variants))
	}
	s.Base, s.Others = variants[0], variants[1:]
	return s
}

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

// built is what Kustomize builds of a folder.
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

// expect compares what was built with what was rendered, but for what is Helm's alone.
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
		t.Errorf("there are two of %s", id)
	}
	objects[id] = o
}

func withoutHelm(metadata map[string]any) {
	if labels, is := metadata["labels"].(map[string]any); is {
		delete(labels, "helm.sh/chart")
		if labels["app.kubernetes.io/managed-by"] == "Helm" {
			delete(labels, "app.kubernetes.io/managed-by")
		}
	}
	if annotations, is := metadata["annotations"].(map[string]any); is {
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
