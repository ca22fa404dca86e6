package render_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/yaml"
)

// FuzzRender merges texts into the values of an event source and a sensor: Render refuses them, or renders valid objects.
func FuzzRender(f *testing.F) {
	examples := os.DirFS("../../values")
	files, err := fs.Glob(examples, "*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(examples, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		"", "profile: multi-zone\nbus: {replicas: 5, podDisruptionBudget: {maxUnavailable: 2}}\n",
		"eventSources: null\nsensors: null\n", "eventSources: {a: null}\n", "eventSources: {a: {webhook: null}}\n", "eventSources: {a: {webhook: {b: null}}}\n",
		"sensors: {a: {dependencies: [null], triggers: [null]}}\n", "sensors: {a: {dependencies: [], triggers: [{template: null}]}}\n",
		"bus: null\n", "bus: {tolerations: [{}], topologySpreadConstraints: [{}], env: [{}]}\n", "overrides: {Service/bus: {spec: null, metadata: {name: null}}}\n",
		"extraObjects: [{apiVersion: v1, kind: A, metadata: null}]\n", "extraObjects: [{apiVersion: v1, kind: A, metadata: {name: a, labels: {b: \"c\\n\\nd\"}}}]\n",
		"eventBus: {mode: native, stream: {maxMsgs: 0.5, maxAge: 1}}\nnativeBus: {versions: [], version: \"\"}\n",
		"global: {a: [1]}\nnameOverride: a\nfullnameOverride: null\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var values map[string]any
		if err := yaml.UnmarshalStrict(text, &values); err != nil || large(values) {
			return
		}
		objects, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default", Values: over(decoded(t, oneOfEach), values)})
		if err != nil {
			return
		}
		for _, o := range objects {
			var tree map[string]any
			if err := yaml.UnmarshalStrict([]byte(o.Text), &tree); err != nil {
				t.Errorf("%s: %v\n%s", o.Source, err, o.Text)
			}
			if o.Kind == "" || o.Name == "" || tree["kind"] != o.Kind {
				t.Errorf("%s: is read as %s %q:\n%s", o.Source, o.Kind, o.Name, o.Text)
			}
		}
	})
}

// large reports whether a number in the values makes rendering slow: a thousand servers have a thousand routes each.
func large(tree any) bool {
	switch tree := tree.(type) {
	case map[string]any:
		for _, value := range tree {
			if large(value) {
				return true
			}
		}
	case []any:
		for _, item := range tree {
			if large(item) {
				return true
			}
		}
	case float64:
		return tree > 1000
	}
	return false
}
