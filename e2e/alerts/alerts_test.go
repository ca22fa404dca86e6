// Package alerts evaluates the alerts of the charts with promtool, Prometheus' own engine.
package alerts

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"sigs.k8s.io/yaml"
)

// systems are the releases whose alerts testdata/NAME tests.
var systems = map[string]struct{ stack, release, profile, values string }{
	"argo-events":  {"argo-events", "events", "multi-zone", "values.yaml"},
	"cert-manager": {"argo-events", "events", "multi-zone", "certmanager.yaml"},
	"web":          {"web", "shop", "multi-node", ""},
	"models":       {"models.yaml", "models", "multi-node", ""},
}

// rules is a rule file of Prometheus.
type rules struct {
	Groups []struct {
		Name  string           `json:"name"`
		Rules []map[string]any `json:"rules"`
	} `json:"groups"`
}

// expectation is an alert at one time, in a test file of promtool.
type expectation struct {
	Alert  string `json:"alertname"`
	Alerts []any  `json:"exp_alerts"`
}

// ruleFile returns what holdfast alerts prints for a stack.
func ruleFile(t *testing.T, stack, release, profile, values string) []byte {
	t.Helper()
	holdfast, err := binaries.Holdfast()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"alerts", stack, "--profile", profile, "--release", release, "--namespace", release}
	if values != "" {
		args = append(args, "--values", values)
	}
	out, err := cases.Output(holdfast, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// promtool runs promtool in a folder.
func promtool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("promtool", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v (packages.sh installs it)\n%s", err, out)
	}
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRules: Prometheus accepts the alerts of every stack under every profile, with their annotations.
func TestRules(t *testing.T) {
	for name, s := range systems {
		for _, profile := range []string{"single-node", "multi-node", "multi-zone"} {
			t.Run(name+"/"+profile, func(t *testing.T) {
				dir := t.TempDir()
				write(t, dir, "rules.yaml", ruleFile(t, s.stack, "events", profile, s.values))
				promtool(t, dir, "check", "rules", "rules.yaml")
			})
		}
	}
}

// TestAlerts: the alerts fire in the situations of testdata, and not in the others. Each alert has a test in which it fires, and one in
// which it does not.
func TestAlerts(t *testing.T) {
	fires, silent, all := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for name, s := range systems {
		text := ruleFile(t, s.stack, s.release, s.profile, s.values)
		var file rules
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				all[fmt.Sprint(r["alert"])] = true
				// promtool compares every annotation; their text is not tested here.
				delete(r, "annotations")
			}
		}
		bare, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join("testdata", name, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests for %s: %v", name, err)
		}
		for _, f := range files {
			t.Run(name+"/"+filepath.Base(f), func(t *testing.T) {
				test, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				note(t, test, fires, silent)
				dir := t.TempDir()
				write(t, dir, "rules.yaml", bare)
				write(t, dir, "test.yaml", append([]byte("rule_files: [rules.yaml]\n"), test...))
				promtool(t, dir, "test", "rules", "test.yaml")
			})
		}
	}
	for _, alert := range slices.Sorted(maps.Keys(all)) {
		if !fires[alert] || !silent[alert] {
			t.Errorf("%s: fires in a test: %v, and does not in another: %v; both are required", alert, fires[alert], silent[alert])
		}
	}
}

// note records which alerts a test file expects, and which it excludes.
func note(t *testing.T, file []byte, fires, silent map[string]bool) {
	t.Helper()
	var f struct {
		Tests []struct {
			Expected []expectation `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	for _, test := range f.Tests {
		for _, e := range test.Expected {
			if len(e.Alerts) > 0 {
				fires[e.Alert] = true
			} else {
				silent[e.Alert] = true
			}
		}
	}
}
