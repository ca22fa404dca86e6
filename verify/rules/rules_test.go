package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

func check(t *testing.T, paths ...string) []Finding {
	t.Helper()
	objects, err := manifest.Load(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(nil); err != nil {
		t.Fatal(err)
	}
	return Check(s)
}

// TestRules: each rule finds the fault in its broken example, no other does, and the correct one is silent.
func TestRules(t *testing.T) {
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			if r.Protects == "" || r.Fix == "" {
				t.Error("the rule does not say what it protects or how to fix it")
			}
			broken := check(t, filepath.Join("testdata", r.ID, "broken.yaml"))
			for _, f := range broken {
				t.Logf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
				if f.Rule != r {
					t.Errorf("another rule complains: %s", f.Rule.ID)
				}
			}
			if len(broken) != 1 {
				t.Errorf("%d findings in the broken example, want 1", len(broken))
			}
			for _, f := range check(t, filepath.Join("testdata", r.ID, "correct.yaml")) {
				t.Errorf("in the correct example: %s: %s: %s", f.At(), f.Rule.ID, f.Message)
			}
		})
	}
}

// TestExamples: there is no example without a rule.
func TestExamples(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(All(), func(r *Rule) bool { return r.ID == e.Name() }) {
			t.Errorf("testdata/%s is of no rule", e.Name())
		}
	}
	if len(entries) == 0 {
		t.Error("there are no examples")
	}
}

// TestGolden: what holdfast renders is right by its own rules.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("../../golden/*/objects")
	if err != nil || len(cases) == 0 {
		t.Fatal(cases, err)
	}
	for _, dir := range cases {
		for _, f := range check(t, dir) {
			t.Errorf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
		}
	}
}

func TestIgnore(t *testing.T) {
	text, err := os.ReadFile("testdata/quorum-is-even/broken.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ignored.yaml")
	ignored := strings.Replace(string(text), "{name: bus}", "{name: bus, annotations: {holdfast-ha.github.io/ignore-quorum-is-even: one votes not}}", 1)
	if err := os.WriteFile(file, []byte(ignored), 0o644); err != nil {
		t.Fatal(err)
	}
	if found := check(t, file); len(found) != 1 || found[0].Ignored != "one votes not" {
		t.Errorf("%+v", found)
	}
}
