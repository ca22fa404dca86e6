package render_test

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/render/checkstest"
)

// TestChecks: the chart accepts the examples of checks.yaml. It refuses each fault with its key and the way out, and for no other
// reason.
func TestChecks(t *testing.T) {
	correct, faulty, err := checkstest.Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := refusals(correct); len(err) > 0 {
		t.Errorf("the examples are refused: %q", err)
	}
	lines := refusals(faulty)
	for object, f := range faulty.Faults {
		begin, end := "- "+f.Path+": ", ": "+f.Do
		if got := lines[object]; len(got) != 1 || !strings.HasPrefix(got[0], begin) || !strings.HasSuffix(got[0], end) {
			t.Errorf("%v: got %q, want %s ... %s", f.Value, got, begin, end)
		}
	}
	if len(faulty.Faults) < 400 {
		t.Errorf("only %d faults", len(faulty.Faults))
	}
}

// refusals returns the lines about each object in the error of rendering them.
func refusals(o checkstest.Objects) map[string][]string {
	values := map[string]any{"eventSources": o.EventSources, "sensors": o.Sensors}
	_, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default", Values: values})
	lines := map[string][]string{}
	if err == nil {
		return lines
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line, ok := strings.CutPrefix(line, "- "); ok {
			object := checkstest.Object(line)
			lines[object] = append(lines[object], "- "+line)
		}
	}
	return lines
}
