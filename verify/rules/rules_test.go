package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

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

// TestOrder: the rules are listed by ID, and no ID is there twice.
func TestOrder(t *testing.T) {
	all := All()
	for i, r := range all[1:] {
		if all[i].ID >= r.ID {
			t.Errorf("%s stands before %s", all[i].ID, r.ID)
		}
	}
}

// TestExamples: there is no example without a rule, and a rule that takes nodes has some.
func TestExamples(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "corpus" && !slices.ContainsFunc(All(), func(r *Rule) bool { return r.ID == e.Name() }) {
			t.Errorf("testdata/%s is of no rule", e.Name())
		}
	}
	for _, r := range All() {
		_, err := os.Stat(filepath.Join("testdata", r.ID, "cluster.yaml"))
		if has, takes := err == nil, r.checkOn != nil; has != takes || takes == (r.check != nil) {
			t.Errorf("%s: takes nodes: %t, cluster.yaml: %t, takes none: %t", r.ID, takes, has, r.check != nil)
		}
	}
	if len(entries) == 0 {
		t.Error("there are no examples")
	}
}

// TestGolden: what holdfast renders is right by its own rules, on the smallest cluster that its profile is for.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("../../golden/*/case.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatal(cases, err)
	}
	for _, file := range cases {
		var is struct{ Profile string }
		decode(t, file, &is)
		var profile struct{ Needs struct{ Nodes, Zones int } }
		decode(t, "../../profiles/"+is.Profile+".yaml", &profile)
		name := filepath.Base(filepath.Dir(file))
		c, err := cluster.Uniform(max(profile.Needs.Nodes, wants[name]), profile.Needs.Zones)
		if err != nil {
			t.Fatal(err)
		}
		c.Described = true
		for i, n := range c.Nodes { // the case overrides asks for both
			n.Labels["disk"] = "fast"
			if i >= 3 {
				n.Labels["disk"] = "any"
			}
		}
		for _, f := range checkOn(t, c, filepath.Join(filepath.Dir(file), "objects")) {
			t.Errorf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
		}
	}
}

// wants are cases whose values ask for more nodes than the profile does: for servers, each on its own, or by labels.
var wants = map[string]int{"five-servers": 5, "move-to-five-servers": 5, "web-options": 5, "move-to-single-node": 3, "overrides": 4}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCorpus: systems that are well made are right, too, whoever made them. Each is written in the manner of a project that
// is known for it, on the cluster that stands beside them.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if filepath.Base(file) == "cluster.yaml" {
			continue
		}
		for _, f := range check(t, file) {
			t.Errorf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
		}
	}
}

func TestIgnore(t *testing.T) {
	broken := text(t, "testdata/quorum-is-even/broken.yaml")
	ignored := strings.Replace(broken, "{name: bus}", "{name: bus, annotations: {holdfast-ha.github.io/ignore-quorum-is-even: one votes not}}", 1)
	if found := Check(system(t, ignored), cluster.Cluster{}); len(found) != 1 || found[0].Ignored != "one votes not" {
		t.Errorf("%+v", found)
	}
}
