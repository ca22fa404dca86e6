package agreement

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// TestGenerate: a seed draws the same again, another something else, and together they draw everything that there is to draw.
func TestGenerate(t *testing.T) {
	all := ""
	for i := range 100 {
		text, err := Generate(1, i).Manifests()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Generate(1, i).Manifests()
		if err != nil || again != text {
			t.Fatalf("system %d is not the same again (%v):\n%s\n%s", i, err, text, again)
		}
		if found, err := cases.Decode([]byte(text)); err != nil || len(found) == 0 {
			t.Fatalf("%v\n%s", err, text)
		}
		s := Generate(1, i)
		all += text + strings.Join(s.About, "\n")
	}
	if other, err := Generate(2, 0).Manifests(); err != nil || strings.HasPrefix(all, other) {
		t.Errorf("another seed draws the same: %v\n%s", err, other)
	}
	for _, want := range []string{"kind: Deployment", "kind: StatefulSet", "Parallel", "OrderedReady", "partition:", "Recreate", "maxSurge: 100%", "minDomains:", "matchLabelKeys:",
		"nodeTaintsPolicy: Honor", "ScheduleAnyway", "DoNotSchedule", "podAffinity:", "podAntiAffinity:", "preferredDuring", "requiredDuring", "nodeSelector:",
		"minAvailable: 67%", "minAvailable: 0", "maxUnavailable: 30%", "AlwaysAllow", "a budget for all", "6 nodes", "1 nodes", "3 zones", "2 tainted"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is never drawn", want)
		}
	}
}

// TestPage shows that the page and the README say what was compared, that every golden case and forty systems were, and that nothing
// differs without a reason.
func TestPage(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "docs", "evidence")
	table, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, page))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, table.Markdown()) {
		t.Errorf("%s is not what %s says: run the tests of control with -evidence", page, data)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), table.Short()) {
		t.Errorf("README.md does not have what %s comes to: put it there:\n%s", data, table.Short())
	}
	names := map[string]bool{}
	for _, c := range table.Cases {
		names[c.Name] = true
		for _, check := range c.Checks {
			if !check.Agrees() && check.Lot == "" {
				t.Errorf("%s: %s %s: verify says %q, the control plane did %q", c.Name, check.Event, check.Target, check.Verify, check.Real)
			}
		}
	}
	golden, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range golden {
		if !names[c.Name] {
			t.Errorf("case %s was not compared", c.Name)
		}
	}
	for i := range 40 {
		if s := Generate(table.Seed, i); !names[s.Name] {
			t.Errorf("system %s was not compared", s.Name)
		}
	}
}
