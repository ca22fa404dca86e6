package chart

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

const configKey = "controller-config.yaml"

// TestValidators: the validators of Argo Events accept every EventBus, EventSource and Sensor, and its types have all their fields.
func TestValidators(t *testing.T) {
	kinds := []string{"EventBus", "EventSource", "Sensor"}
	applies := func(r release) bool { return len(r.ofKind(kinds...)) > 0 }
	eachRelease(t, applies, func(t *testing.T, r release) { expectNoProblem(t, r, r.ofKind(kinds...)) })
}

// TestControllerConfig: the controller can load its configuration and start with it.
func TestControllerConfig(t *testing.T) {
	applies := func(r release) bool { return len(r.configs()) > 0 }
	eachRelease(t, applies, func(t *testing.T, r release) { expectNoProblem(t, r, r.configs()) })
}

// configs returns the ConfigMaps with the configuration of the controller.
func (r release) configs() []cases.Object {
	return slices.DeleteFunc(r.ofKind("ConfigMap"), func(o cases.Object) bool {
		data, _ := o.Content["data"].(map[string]any)
		return data[configKey] == nil
	})
}

// expectNoProblem runs argocheck on a release: it must validate the given objects and find no problem.
func expectNoProblem(t *testing.T, r release, objects []cases.Object) {
	t.Helper()
	problems := argocheck(t, r)
	for _, o := range objects {
		if problem, ok := problems[o.Key()]; !ok {
			t.Errorf("%s: not validated by argocheck", o.Key())
		} else if problem != "" {
			t.Errorf("%s: %s", o.Key(), problem)
		}
	}
}

// argocheck returns the problem, or "", of each object that Argo Events validates.
func argocheck(t *testing.T, r release) map[string]string {
	t.Helper()
	cmd := exec.Command(program(t, "argocheck"))
	cmd.Stdin = strings.NewReader(r.stream())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("argocheck: %v\n%s", err, stderr.Bytes())
	}
	problems := map[string]string{}
	for line := range bytes.Lines(out) {
		var verdict struct{ Object, Problem string }
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatalf("decoding the output of argocheck %q: %v", line, err)
		}
		problems[verdict.Object] = verdict.Problem
	}
	return problems
}

// stream returns all objects as a YAML stream.
func (r release) stream() string {
	var text strings.Builder
	for _, o := range r.objects {
		text.WriteString("---\n" + o.Text)
	}
	return text.String()
}
