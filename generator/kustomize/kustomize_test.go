package kustomize_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/kustomize"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestRandomObjects checks that Kustomize builds both of two random variants from the written files. Variables, volumes, ports
// and tolerations are added, removed, changed and reordered, in Deployments and in custom resources.
func TestRandomObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	base, other := map[string]any{}, map[string]any{}
	for i := range 300 {
		kind := []string{"apps/v1 Deployment", "example.org/v1 Thing"}[i%2]
		name := fmt.Sprintf("a-%d", i)
		base[name], other[name] = randomObject(random, kind, name), randomObject(random, kind, name)
	}
	// Some objects exist in one variant only.
	for _, all := range []map[string]any{base, other} {
		for i := range 20 {
			delete(all, fmt.Sprintf("a-%d", random.IntN(100)+i))
		}
	}
	s := systemOf(t, base, other)
	files, err := kustomize.Files(s)
	if err != nil {
		t.Fatal(err)
	}
	memory := filesys.MakeFsInMemory()
	for name, text := range files {
		if err := memory.WriteFile("/"+name, text); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]map[string]any{"base": base, "overlays/multi-zone": other} {
		built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, "/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(built.Resources()) != len(want) {
			t.Errorf("%s has %d objects, want %d", dir, len(built.Resources()), len(want))
		}
		for _, r := range built.Resources() {
			text, err := r.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			var got any
			if err := yaml.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want[r.GetName()]) {
				t.Errorf("%s of %s is\n%s\nwant\n%s", r.GetName(), dir, text, marshal(t, want[r.GetName()]))
			}
		}
	}
}

// randomObject has lists of every merge strategy of Kubernetes, and fields without a schema.
func randomObject(random *rand.Rand, kind, name string) map[string]any {
	version, kind, _ := strings.Cut(kind, " ")
	list := func(element func(int) any) []any {
		all := []any{}
		for _, i := range random.Perm(5)[:random.IntN(5)] {
			all = append(all, element(i))
		}
		return all
	}
	word := func() any { return []any{"a", "b", "7", "true", "", "two\nlines\n"}[random.IntN(6)] }
	var tree func(depth int) any
	tree = func(depth int) any {
		switch {
		case depth > 3 || random.IntN(3) == 0:
			return []any{word(), float64(random.IntN(3)), true, map[string]any{}, []any{}}[random.IntN(5)]
		case random.IntN(3) == 0:
			return list(func(int) any { return tree(depth + 1) })
		}
		all := map[string]any{}
		for i := range random.IntN(4) {
			all[string(rune('a'+i))+"/b"] = tree(depth + 1)
		}
		return all
	}
	pod := map[string]any{
		"containers": []any{map[string]any{
			"name": "app",
			"env":  list(func(i int) any { return map[string]any{"name": fmt.Sprintf("V%d", i), "value": word()} }),
			"ports": list(func(i int) any {
				port := map[string]any{"containerPort": float64(80 + i/2)}
				if i > 0 {
					port["protocol"] = []string{"TCP", "UDP"}[i%2]
				}
				return port
			}),
		}},
		"volumes": list(func(i int) any {
			return map[string]any{"name": fmt.Sprintf("v%d", i), []string{"emptyDir", "configMap"}[random.IntN(2)]: map[string]any{}}
		}),
		"tolerations": list(func(i int) any { return map[string]any{"key": fmt.Sprint(i), "effect": word()} }),
	}
	o := map[string]any{
		"apiVersion": version, "kind": kind,
		"metadata": map[string]any{"name": name, "annotations": map[string]any{"a": word()}},
		"spec":     map[string]any{"template": map[string]any{"spec": pod}},
	}
	if kind == "Thing" {
		o["spec"].(map[string]any)["tree"] = map[string]any{"root": tree(0)}
	}
	return o
}

func systemOf(t testing.TB, base, other map[string]any) kustomize.System {
	t.Helper()
	st, err := stack.Load(stacks.FS, "web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	two, err := profile.Select(all, []string{"single-node", "multi-zone"})
	if err != nil {
		t.Fatal(err)
	}
	return kustomize.System{Stack: st, Release: "a", Namespace: "argo",
		Base:   kustomize.Variant{Profile: two[0], Objects: objects(t, base)},
		Others: []kustomize.Variant{{Profile: two[1], Objects: objects(t, other)}}}
}

func objects(t testing.TB, all map[string]any) []manifest.Object {
	t.Helper()
	var found []manifest.Object
	for _, name := range slices.Sorted(maps.Keys(all)) {
		split, err := manifest.Split(name, marshal(t, all[name]))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, split...)
	}
	return found
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
