package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestRules: each rule finds the fault in its broken example, and no other rule does. The correct example has no findings.
func TestRules(t *testing.T) {
	for _, r := range All() {
		t.Run(r.ID, func(t *testing.T) {
			if r.Protects == "" || r.Fix == "" {
				t.Error("Protects or Fix is missing")
			}
			if !slices.Contains(severities, r.Severity) {
				t.Errorf("severity %q, want one of %q", r.Severity, severities)
			}
			broken := check(t, filepath.Join("testdata", r.ID, "broken.yaml"))
			for _, f := range broken {
				t.Logf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
				if f.Rule != r {
					t.Errorf("another rule reports a fault: %s", f.Rule.ID)
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

// TestOrder: the rules are sorted by ID, and IDs are unique.
func TestOrder(t *testing.T) {
	all := All()
	for i, r := range all[1:] {
		if all[i].ID >= r.ID {
			t.Errorf("%s is listed before %s", all[i].ID, r.ID)
		}
	}
}

// TestExamples: every example has a rule, and rules that need nodes have a cluster.yaml.
func TestExamples(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "corpus" && !slices.ContainsFunc(All(), func(r *Rule) bool { return r.ID == e.Name() }) {
			t.Errorf("testdata/%s: unknown rule", e.Name())
		}
	}
	for _, r := range All() {
		_, err := os.Stat(filepath.Join("testdata", r.ID, "cluster.yaml"))
		if hasCluster := err == nil; hasCluster != r.NeedsNodes() || r.NeedsNodes() == (r.check != nil) {
			t.Errorf("%s: needs nodes: %t, has cluster.yaml: %t, has check: %t", r.ID, r.NeedsNodes(), hasCluster, r.check != nil)
		}
	}
	if len(entries) == 0 {
		t.Error("there are no examples")
	}
}

// TestGolden: the rules find no fault in the golden cases, on the smallest cluster of their profile.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("../../golden/*/case.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatal(cases, err)
	}
	for _, file := range cases {
		var golden struct{ Profile string }
		decode(t, file, &golden)
		var profile struct{ Needs struct{ Nodes, Zones int } }
		decode(t, "../../profiles/"+golden.Profile+".yaml", &profile)
		name := filepath.Base(filepath.Dir(file))
		c, err := cluster.Uniform(max(profile.Needs.Nodes, moreNodes[name]), profile.Needs.Zones)
		if err != nil {
			t.Fatal(err)
		}
		c.Described = true
		for i, n := range c.Nodes { // the cases "overrides" and "tainted-nodes" require both values
			n.Labels["disk"], n.Labels["pool"] = "fast", "ingress"
			if i >= 3 {
				n.Labels["disk"], n.Labels["pool"] = "any", "general"
			}
		}
		for _, f := range Check(verifytest.Load(t, filepath.Join(filepath.Dir(file), "objects")), c) {
			t.Errorf("%s: %s: %s: %s", f.At(), f.Rule.ID, f.Object, f.Message)
		}
	}
}

// moreNodes are the cases that need more nodes than their profile, for one server per node or for labels.
var moreNodes = map[string]int{"five-servers": 5, "move-to-five-servers": 5, "web-options": 5, "move-to-single-node": 3, "overrides": 4, "tainted-nodes": 6}

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

// TestCorpus: the rules find no fault in other well-made systems. Each is written in the style of a known project, for the cluster
// beside them.
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

// TestIgnore: an annotation ignores a rule, with the reason.
func TestIgnore(t *testing.T) {
	broken := text(t, "testdata/quorum-is-even/broken.yaml")
	ignored := strings.Replace(broken, "{name: bus}", "{name: bus, annotations: {holdfast-ha.github.io/ignore-quorum-is-even: one has no vote}}", 1)
	if found := Check(system(t, ignored), cluster.Cluster{}); len(found) != 1 || found[0].Ignored != "one has no vote" {
		t.Errorf("%+v", found)
	}
}
