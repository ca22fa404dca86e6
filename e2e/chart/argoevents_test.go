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

// TestValidators: the validators of Argo Events accept every EventBus, EventSource and Sensor, and its types have every
// field of them.
func TestValidators(t *testing.T) {
	kinds := []string{"EventBus", "EventSource", "Sensor"}
	isFor := func(r release) bool { return len(r.ofKind(kinds...)) > 0 }
	eachRelease(t, isFor, func(t *testing.T, r release) { expectNoProblem(t, r, r.ofKind(kinds...)) })
}

// TestControllerConfig: the controller can load the configuration that it is given, and would start with it.
func TestControllerConfig(t *testing.T) {
	isFor := func(r release) bool { return len(r.configs()) > 0 }
	eachRelease(t, isFor, func(t *testing.T, r release) { expectNoProblem(t, r, r.configs()) })
}

// configs returns the ConfigMaps with a configuration of the controller.
func (r release) configs() []cases.Object {
	return slices.DeleteFunc(r.ofKind("ConfigMap"), func(o cases.Object) bool {
		data, _ := o.Content["data"].(map[string]any)
		return data[configKey] == nil
	})
}

// expectNoProblem gives all of a release to argocheck and expects it to have looked at some of its objects.
func expectNoProblem(t *testing.T, r release, objects []cases.Object) {
	t.Helper()
	problems := argocheck(t, r)
	for _, o := range objects {
		if problem, looked := problems[o.Key()]; !looked {
			t.Errorf("%s: argocheck did not look at it", o.Key())
		} else if problem != "" {
			t.Errorf("%s: %s", o.Key(), problem)
		}
	}
}

// argocheck returns the problem of each object that Argo Events has an opinion on, empty where there is none.
func argocheck(t *testing.T, r release) map[string]string {
	t.Helper()
	cmd := exec.Command(program(t, "argocheck"))
	cmd.Stdin = strings.NewReader(r.stream())
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("argocheck: %v\n%s", err, complaint.Bytes())
	}
	problems := map[string]string{}
	for line := range bytes.Lines(out) {
		var verdict struct{ Object, Problem string }
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatalf("argocheck said %q: %v", line, err)
		}
		problems[verdict.Object] = verdict.Problem
	}
	return problems
}

// stream returns all objects as one text.
func (r release) stream() string {
	var text strings.Builder
	for _, o := range r.objects {
		text.WriteString("---\n" + o.Text)
	}
	return text.String()
}
