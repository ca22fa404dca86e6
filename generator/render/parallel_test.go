package render_test

import (
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	helmchart "helm.sh/helm/v3/pkg/chart"
)

// TestProcessors renders with one, two and three processors: the objects and their order are the same. Secrets are left out, because the
// certificates in them are new each time.
func TestProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	checksum := &render.Chart{Metadata: load(t).Metadata, Templates: []*helmchart.File{
		{Name: "templates/a.yaml", Data: []byte(configMap("a", `{{ include (print $.Template.BasePath "/b.yaml") . | sha256sum }}`))},
		{Name: "templates/b.yaml", Data: []byte(configMap("b", "{{ .Release.Name }}"))},
		{Name: "templates/c.yaml", Data: []byte(configMap("c", `{{ include (printf "%s/templates/b.yaml" .Chart.Name) . | sha256sum }}`))},
	}}
	for name, test := range map[string]struct {
		chart  *render.Chart
		values map[string]any
	}{
		"sources and sensors":           {load(t), many(t, 20)},
		"templates that include others": {checksum, nil},
	} {
		var want []manifest.Object
		for processors := 1; processors <= 3; processors++ {
			runtime.GOMAXPROCS(processors)
			objects, err := render.Render(test.chart, render.Options{Release: "events", Namespace: "argo", Values: test.values})
			if err != nil {
				t.Fatalf("%s, %d processors: %v", name, processors, err)
			}
			objects = slices.DeleteFunc(objects, func(o manifest.Object) bool { return o.Kind == "Secret" })
			if processors == 1 {
				want = objects
			}
			if len(want) == 0 || !reflect.DeepEqual(objects, want) {
				t.Errorf("%s: %d objects with %d processors, or not the %d with one", name, len(objects), processors, len(want))
			}
		}
	}
}

// configMap returns the template of a ConfigMap with one value.
func configMap(name, value string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {value: '" + value + "'}\n"
}
