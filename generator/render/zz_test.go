package render

import (
	"testing"
	"time"
	"os"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

func TestTime(t *testing.T) {
	s, err := stack.Load(os.DirFS("../../stacks"), "argo-events.yaml")
	if err != nil { t.Fatal(err) }
	p, err := profile.Load(os.DirFS("../../profiles"))
	if err != nil { t.Fatal(err) }
	t0 := time.Now()
	f, err := chart.New(s, p)
	if err != nil { t.Fatal(err) }
	t.Log("new", time.Since(t0))
	t0 = time.Now()
	c, err := Load(f)
	if err != nil { t.Fatal(err) }
	t.Log("load", time.Since(t0))
	v := map[string]any{}
	text, _ := os.ReadFile("../../stacks/argo-events/ci-values.yaml")
	if err := yaml.Unmarshal(text, &v); err != nil { t.Fatal(err) }
	v["profile"] = "multi-node"
	for range 4 {
		t0 = time.Now()
		o, err := Render(c, Options{Release: "events", Namespace: "default", Values: v})
		if err != nil { t.Fatal(err) }
		t.Log("render", len(o), time.Since(t0))
		t0 = time.Now()
		if err := chartutil.ValidateAgainstSchema(c, c.Values); err != nil { t.Log(err) }
		t.Log("validate", time.Since(t0))
		t0 = time.Now()
		for _, x := range o { var m map[string]any; if err := yaml.Unmarshal([]byte(x.Text), &m); err != nil { t.Fatal(err)} }
		t.Log("decode", time.Since(t0))
	}
}
