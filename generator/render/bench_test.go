package render_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"sigs.k8s.io/yaml"
)

// BenchmarkRender renders event sources and sensors; the time per object must not grow with their number.
func BenchmarkRender(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c, count := load(b), 0
			values := many(b, n)
			for b.Loop() {
				objects, err := render.Render(c, render.Options{Release: "events", Namespace: "argo", Values: values})
				if err != nil {
					b.Fatal(err)
				}
				count += len(objects)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(count), "ns/object")
		})
	}
}

// BenchmarkChart generates the chart of Argo Events.
func BenchmarkChart(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}

func load(b testing.TB) *render.Chart {
	b.Helper()
	st, err := stack.Load(stacks.FS, "argo-events.yaml")
	if err != nil {
		b.Fatal(err)
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		b.Fatal(err)
	}
	files, err := chart.New(st, all)
	if err != nil {
		b.Fatal(err)
	}
	c, err := render.Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func many(b testing.TB, n int) map[string]any {
	b.Helper()
	text := "profile: multi-zone\neventSources:\n"
	for i := range n {
		text += fmt.Sprintf("  source-%d: {webhook: {event: {port: \"12000\", endpoint: /e%d, method: POST}}}\n", i, i)
	}
	text += "sensors:\n"
	for i := range n {
		text += fmt.Sprintf("  sensor-%d: {dependencies: [{name: e, eventSourceName: source-%d, eventName: event}], triggers: [{template: {name: log, log: {}}}]}\n", i, i)
	}
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		b.Fatal(err)
	}
	return values
}
