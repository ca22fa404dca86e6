package kustomize_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestTeam checks that the team's overlay builds the objects of profile multi-zone with the team's changes only.
func TestTeam(t *testing.T) {
	memory := filesys.MakeFsInMemory()
	for name, text := range written(t) {
		put(t, memory, "/events/"+name, text)
	}
	own, err := filepath.Glob("team/*.yaml")
	if err != nil || len(own) == 0 {
		t.Fatalf("no overlay found (%v)", err)
	}
	for _, file := range own {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, memory, "/"+file, text)
	}
	got, want := built(t, memory, "/team"), built(t, memory, "/events/overlays/multi-zone")
	if len(got) != len(want) {
		t.Errorf("%d objects, want %d", len(got), len(want))
	}
	for id, o := range want {
		expected := mirrored(o).(map[string]any)
		set(expected, "payments", "metadata", "namespace")
		set(expected, "payments", "metadata", "labels", "example.org/team")
		for _, subject := range list(expected["subjects"]) {
			set(subject.(map[string]any), "payments", "namespace")
		}
		switch id {
		case "StatefulSet events-argo-events-bus":
			set(container(expected), map[string]any{
				"requests": map[string]any{"cpu": "500m", "memory": "2Gi"}, "limits": map[string]any{"memory": "4Gi"},
			}, "resources")
		case "Deployment events-argo-events-controller":
			// Kustomize moves the variable of a patch to the front.
			env := list(container(expected)["env"])
			slices.SortStableFunc(env, func(a, b any) int { return imageRank(b) - imageRank(a) })
		}
		if !reflect.DeepEqual(got[id], expected) {
			t.Errorf("%s is\n%s\nwant\n%s", id, text(t, got[id]), text(t, expected))
		}
	}
}

// written returns the output of the command at the top of team/kustomization.yaml.
func written(t *testing.T) map[string][]byte {
	t.Helper()
	chart, err := generator.Load("argo-events")
	if err != nil {
		t.Fatal(err)
	}
	values, err := render.ReadValues("../../values/webhook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.Kustomize(generator.Options{Release: "events", Namespace: "payments", Values: values}, chart.Profiles)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func put(t *testing.T, memory filesys.FileSystem, name string, text []byte) {
	t.Helper()
	if err := memory.WriteFile(name, text); err != nil {
		t.Fatal(err)
	}
}

func built(t *testing.T, memory filesys.FileSystem, dir string) map[string]map[string]any {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(memory, dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, r := range resources.Resources() {
		out, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		var o map[string]any
		if err := yaml.Unmarshal(out, &o); err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprint(r.GetKind(), " ", r.GetName())] = o
	}
	return all
}

// mirrored returns a copy of a tree with the system's images from the mirror. The images of the user's own workflows stay.
func mirrored(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := map[string]any{}
		for key, value := range v {
			all[key] = mirrored(value)
		}
		return all
	case []any:
		var all []any
		for _, value := range v {
			all = append(all, mirrored(value))
		}
		return all
	case string:
		for registry, repositories := range map[string][]string{"docker.io/": {"library/nats:", "natsio/nats-box:"}, "quay.io/": {"argoproj/argo-events:"}} {
			for _, repository := range repositories {
				if name, ok := strings.CutPrefix(v, registry); ok && strings.HasPrefix(name, repository) {
					return "mirror.example.org/" + name
				}
			}
		}
	}
	return v
}

// set sets a value in a tree. It creates missing maps on the path.
func set(tree map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		next, ok := tree[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[key] = next
		}
		tree = next
	}
	tree[path[len(path)-1]] = value
}

func container(workload map[string]any) map[string]any {
	pod := workload["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	return pod["containers"].([]any)[0].(map[string]any)
}

// imageRank sorts the variable with the image first: 1 for it, 0 for others.
func imageRank(variable any) int {
	if variable.(map[string]any)["name"] == "ARGO_EVENTS_IMAGE" {
		return 1
	}
	return 0
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
