package agreement

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// TestGenerate: a seed always gives the same systems, another seed others, and a hundred of them have every feature.
func TestGenerate(t *testing.T) {
	all := ""
	for i := range 100 {
		text, err := Generate(1, i).Manifests()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Generate(1, i).Manifests()
		if err != nil || again != text {
			t.Fatalf("system %d differs when generated again (%v):\n%s\n%s", i, err, text, again)
		}
		if found, err := cases.Decode([]byte(text)); err != nil || len(found) == 0 {
			t.Fatalf("%v\n%s", err, text)
		}
		s := Generate(1, i)
		all += text + strings.Join(s.About, "\n")
	}
	if other, err := Generate(2, 0).Manifests(); err != nil || strings.HasPrefix(all, other) {
		t.Errorf("another seed gives the same system: %v\n%s", err, other)
	}
	for _, want := range []string{"kind: Deployment", "kind: StatefulSet", "Parallel", "OrderedReady", "partition:", "Recreate", "maxSurge: 100%", "minDomains:", "matchLabelKeys:",
		"nodeTaintsPolicy: Honor", "ScheduleAnyway", "DoNotSchedule", "podAffinity:", "podAntiAffinity:", "preferredDuring", "requiredDuring", "nodeSelector:",
		"minAvailable: 67%", "minAvailable: 0", "maxUnavailable: 30%", "AlwaysAllow", "a second budget", "6 nodes", "1 nodes", "3 zones", "2 tainted",
		"volumeClaimTemplates:", "storageClassName: zonal", "storageClassName: shared", "storageClassName: local", "no-provisioner", "Immediate", "kind: PersistentVolume\n", "volumeName:", "ReadWriteMany", "ReadWriteOncePod",
		"claimName: none", "unready: all", "unready: \"1\"", "kind: ResourceQuota", "requests.cpu", "kind: LimitRange", "kind: HorizontalPodAutoscaler", "kind: Rollout", "blueGreen:", "canary:", "maxUnavailable: 100%",
		"serves a webhook for its own pods", "serves a webhook for all pods", "failurePolicy Ignore", "provable"} {
		if !strings.Contains(all, want) {
			t.Errorf("no system has %q", want)
		}
	}
}

var fixPages = flag.Bool("fixpages", false, "write docs/evidence/agreement.md from its data")

// TestGreener: a prediction is greener if it has an end that does not come, or more ready pods of any workload.
func TestGreener(t *testing.T) {
	for _, c := range []struct {
		Check
		want bool
	}{
		{Check{Verify: "ends: a 3+0", Real: "ends: a 3+0"}, false},
		{Check{Verify: "ends: a 3+0", Real: "does not end: a 3+0"}, true},
		{Check{Verify: "does not end: a 2+1", Real: "ends: a 3+0"}, false},
		{Check{Verify: "a 3+0, b 2+0", Real: "a 4+0, b 1+1"}, true},
		{Check{Verify: "a 2+1", Real: "a 3+0"}, false},
		{Check{Verify: "a 2+0", Real: "a 2+1"}, false},
		{Check{Verify: "12+0", Real: "9+3"}, true},
		{Check{Verify: "a 3+0", Real: "a 2+1", Tie: "confirmed"}, false},
		{Check{Event: Placement, Verify: "a 3+0", Real: "a 2+1", Tie: "confirmed", Proven: true}, true},
		{Check{Event: Placement, Verify: "a 2+1", Real: "a 3+0", Proven: true}, false},
		{Check{Event: Drain, Verify: "does not end: a 3+0", Real: "does not end: a 3+0", Proven: true}, true},
		{Check{Event: Rollout, Verify: "ends: a 3+0", Real: "ends: a 3+0", Proven: true}, false},
	} {
		if c.Greener() != c.want {
			t.Errorf("%q against %q: greener %t", c.Verify, c.Real, !c.want)
		}
	}
}

// TestPage checks that the page was written from the committed data, that every difference is a tie, and that verify is never greener.
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
		t.Errorf("docs/evidence/%s differs from its data: run make agreement, or go test ./control/agreement -fixpages after a change of its text", page)
		if *fixPages {
			if err := os.WriteFile(filepath.Join(dir, page), table.Markdown(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := table.greener(); n > 0 {
		t.Errorf("verify is greener than the cluster in %d comparisons", n)
	}
	for _, c := range table.Cases {
		for _, check := range c.Checks {
			if !check.Agrees() && check.Tie == "" {
				t.Errorf("%s: %s %s: verify predicts %q, outcome on the control plane: %q", c.Name, check.Event, check.Target, check.Verify, check.Real)
			}
		}
	}
}

// TestQuotedNumbers checks that the README, or a page of docs, has the numbers of the committed data.
func TestQuotedNumbers(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	table, err := Read(filepath.Join(root, "docs", "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(string(text)), " ")
		if strings.Contains(words, comparison) && !strings.Contains(words, table.Short()) {
			t.Errorf("%s differs from docs/evidence/%s; it should have\n%s", file, data, table.Short())
		}
	}
}

// TestComplete checks that the data has every random system, those with Next on two versions of Kubernetes, and every golden case with its
// current pods.
func TestComplete(t *testing.T) {
	table, err := Read(filepath.Join("..", "..", "..", "docs", "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string]Case{}
	for _, c := range table.Cases {
		compared[c.Name] = c
	}
	golden, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	holdfast, err := cases.BuildHoldfast()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range golden {
		digest, err := holdfast.Digest(c)
		if err != nil {
			t.Fatal(err)
		}
		switch found, ok := compared[c.Name]; {
		case !ok:
			t.Errorf("case %s was not compared: run make agreement", c.Name)
		case found.Digest != digest:
			t.Errorf("case %s has changed since the comparison: run make agreement", c.Name)
		}
	}
	for i := range Systems {
		s, on := Generate(table.Seed, i), map[string]bool{}
		for _, c := range table.Cases {
			if c.Name == s.Name {
				on[c.Kubernetes] = true
				if !slices.Equal(c.About, s.About) {
					t.Errorf("%s has changed since the comparison: run make agreement", s.Name)
				}
			}
		}
		if want := map[bool]int{false: 1, true: 2}[s.Next]; len(on) != want {
			t.Errorf("%s was compared on %d versions of Kubernetes, want %d: run make agreement", s.Name, len(on), want)
		}
	}
}
