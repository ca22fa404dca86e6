package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator"
	"go.yaml.in/yaml/v3"
)

// alert is a rule in the output of holdfast alerts.
type alert struct {
	Name        string            `yaml:"alert"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// alerts lists the alerts of a stack under each profile, with values from a file or without any.
func alerts(t *testing.T, stack, values string) []alert {
	t.Helper()
	chart, err := generator.Load(stack)
	if err != nil {
		t.Fatal(err)
	}
	o := generator.Options{Release: "events", Namespace: "events"}
	if values != "" {
		if err := yaml.Unmarshal([]byte(readDocument(t, values)), &o.Values); err != nil {
			t.Fatal(err)
		}
	}
	var all []alert
	for _, p := range chart.Profiles {
		text, err := chart.Alerts(o.WithProfile(p.Name))
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Groups []struct{ Rules []alert } }
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, g := range file.Groups {
			all = append(all, g.Rules...)
		}
	}
	return all
}

// everyAlert lists the alerts of stacks that have all replication models.
func everyAlert(t *testing.T) []alert {
	t.Helper()
	return slices.Concat(alerts(t, "argo-events", "e2e/alerts/values.yaml"), alerts(t, "web", ""), alerts(t, "../../e2e/alerts/models.yaml", ""))
}

// TestRunbooks: every alert of every stack links to a runbook with the same three questions, the list of runbooks has its severity, and
// every runbook is of an alert.
func TestRunbooks(t *testing.T) {
	list := readDocument(t, "docs/runbooks/README.md")
	used := []string{"README.md"}
	for _, a := range everyAlert(t) {
		file := a.Annotations["runbook_url"][strings.LastIndex(a.Annotations["runbook_url"], "/")+1:]
		if slices.Contains(used, file) {
			continue
		}
		used = append(used, file)
		text := readDocument(t, "docs/runbooks/"+file)
		for _, heading := range []string{"# " + a.Name + "\n", "\n## Now\n", "\n## To do\n", "\n## At stake\n"} {
			if !strings.Contains(text, heading) {
				t.Errorf("docs/runbooks/%s: no heading %q", file, strings.TrimSpace(heading))
			}
		}
		if row := "| [" + a.Name + "](" + file + ") | " + a.Labels["severity"] + " |"; !strings.Contains(list, row) {
			t.Errorf("docs/runbooks/README.md: no row %q", row)
		}
	}
	found, err := os.ReadDir(filepath.Join("../..", "docs/runbooks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !slices.Contains(used, f.Name()) {
			t.Errorf("docs/runbooks/%s: no alert links to it", f.Name())
		}
	}
}

// TestAlertsAreDistinct: no two alerts of a release have the same labels, which Alertmanager would take for one.
func TestAlertsAreDistinct(t *testing.T) {
	chart, err := generator.Load(generator.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, a := range alerts(t, generator.DefaultStack, "e2e/alerts/values.yaml") {
		seen[strings.Join([]string{a.Name, a.Labels["component"], a.Labels["workload"], a.Labels["domain"]}, "/")]++
	}
	for key, n := range seen {
		if n > len(chart.Profiles) {
			t.Errorf("%s: %d rules under %d profiles", key, n, len(chart.Profiles))
		}
	}
}

// TestAlertsHaveThreeParts: each alert has a summary, and the three parts of its description.
func TestAlertsHaveThreeParts(t *testing.T) {
	for _, a := range everyAlert(t) {
		d := a.Annotations["description"]
		if a.Annotations["summary"] == "" || !strings.HasPrefix(d, "Now: ") || !strings.Contains(d, ". To do: ") || !strings.Contains(d, ". At stake: the ") {
			t.Errorf("%s: %q, %q", a.Name, a.Annotations["summary"], d)
		}
	}
}
