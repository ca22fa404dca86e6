package render_test

import (
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
)

// TestProcessors renders few and many values with one, two and three processors: the objects and their order are the same. Secrets are left
// out, because the certificates in them are new each time.
func TestProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	c := load(t)
	for _, n := range []int{1, 350} {
		var want []manifest.Object
		for processors := 1; processors <= 3; processors++ {
			runtime.GOMAXPROCS(processors)
			objects, err := render.Render(c, render.Options{Release: "events", Namespace: "argo", Values: many(t, n)})
			if err != nil {
				t.Fatal(err)
			}
			objects = slices.DeleteFunc(objects, func(o manifest.Object) bool { return o.Kind == "Secret" })
			if processors == 1 {
				want = objects
			}
			if !reflect.DeepEqual(objects, want) {
				t.Errorf("%d sources and sensors: the objects differ with %d processors", n, processors)
			}
		}
	}
}
