package control

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// testRollout: helm upgrade with an annotation for every pod replaces every pod on the smallest cluster, without violating a budget.
func (r *release) testRollout(t *testing.T, c cases.Case) {
	ctx := t.Context()
	old := map[types.UID]string{}
	pods, err := r.pods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		if controller(p).Kind != "Job" {
			old[p.UID] = p.Name
		}
	}
	values, err := r.rolloutValues(c)
	if err != nil {
		t.Fatal(err)
	}
	agree := r.agreeOnRollouts(t)
	start := time.Now()
	watch := r.watchBudgets(t)
	if err := r.deploy("upgrade", c.Profile, c.Values, r.valuesFile(values)); err != nil {
		t.Fatal(err)
	}
	replaced := 0
	err = r.eventually(func() error {
		if err := r.settled(ctx); err != nil {
			return err
		}
		pods, err := r.pods(ctx)
		if err != nil {
			return err
		}
		replaced = 0
		for _, p := range pods {
			if controller(p).Kind == "Job" {
				continue
			}
			if name, ok := old[p.UID]; ok {
				return fmt.Errorf("pod %s is not replaced", name)
			}
			replaced++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	agree()
	if replaced == 0 {
		t.Error("the release has no pods")
	}
	t.Logf("%d pods replaced in %s; %s", replaced, time.Since(start).Round(time.Second), watch())
}

// rolloutValues returns values that change the template of every pod of a case: an annotation, or the resources where annotations are impossible.
func (r *release) rolloutValues(c cases.Case) (map[string]any, error) {
	annotation := map[string]any{"holdfast.example/rolled": "yes"}
	values := map[string]any{}
	names, err := components(r.chart, "deployment", "statefulset", "daemonset")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		values[name] = map[string]any{"podAnnotations": annotation}
	}
	if c.Stack != "argo-events" {
		return values, nil
	}
	values["nativeBus"] = map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "150m"}}}
	text, err := os.ReadFile(c.Values)
	if err != nil {
		return nil, err
	}
	var given map[string]any
	if err := yaml.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	for _, kind := range []string{"eventSources", "sensors"} {
		named, _ := given[kind].(map[string]any)
		all := map[string]any{}
		for name := range named {
			all[name] = map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotation}}}
		}
		values[kind] = all
	}
	return values, nil
}
