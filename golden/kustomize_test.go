package golden

import (
	"bytes"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
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
			files, profiles := folderOf(t, dir)
			for i, p := range profiles {
				overlay := "overlays/" + p.profile
				if i == 0 {
					overlay = "base"
				}
				expect(t, built(t, files, overlay), p.objects)
			}
		})
	}
}

// TestPatchesAreShort: a person can read what a profile changes of the flagship. Each patch says why.
func TestPatchesAreShort(t *testing.T) {
	const most = 200
	files, _ := folderOf(t, "single-node")
	lines := map[string]int{}
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

// rendered are the objects of a profile.
type rendered struct {
	profile string
	objects []manifest.Object
}

// folderOf returns the Kustomize folder of the case in dir, and the objects of each profile in it. A profile is left out
// if it refuses the values, unless it is the profile of the case.
func folderOf(t *testing.T, dir string) (map[string][]byte, []rendered) {
	t.Helper()
	c, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	chart, options, err := c.load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var (
		profiles []profile.Profile
		all      []rendered
	)
	for _, p := range chart.Profiles {
		objects, err := chart.Render(options.WithProfile(p.Name))
		if err != nil && p.Name == c.Profile {
			t.Fatal(err)
		}
		if err != nil {
			t.Logf("%s refuses the values", p.Name)
			continue
		}
		profiles, all = append(profiles, p), append(all, rendered{p.Name, objects})
	}
	// A move to single-node is one from all the others.
	if _, moves := options.Values["migration"]; len(profiles) < 2 && !moves {
		t.Errorf("only %d profile accepts the values: nothing is compared", len(profiles))
	}
	files, err := chart.Kustomize(options, profiles)
	if err != nil {
		t.Fatal(err)
	}
	again, err := chart.Kustomize(options, profiles)
	if err != nil || !reflect.DeepEqual(files, again) {
		t.Errorf("the same input gives other bytes (%v)", err)
	}
	return files, all
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
