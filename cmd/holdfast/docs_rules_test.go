package main

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// ruleDocs is every rule, with what it says of its broken example.
func ruleDocs(t *testing.T) string {
	var out strings.Builder
	out.WriteString(generated + `# What the rules of verify find

Faults that cost availability and that no API server refuses. A rule says nothing unless it is sure; the comment on its code says when it
is. What is right all the same says so, and why:

` + "```yaml\nmetadata:\n  annotations:\n    " + rules.Ignore + "RULE: the reason\n```" + `

Rules marked with nodes run where somebody described these: in a file (` + "`--cluster`" + `), or a live cluster. Of nodes that are only counted
nothing can be proved.
`)
	for _, r := range rules.All() {
		mark := ""
		if r.TakesNodes() {
			mark = " (nodes)"
		}
		examples := "verify/rules/testdata/" + r.ID
		f := broken(t, r, "../../"+examples)
		fmt.Fprintf(&out, "\n## %s%s\n\n%s\n\n**Fix:** %s\n\n**Example:** %s: %s ([broken](../%s/broken.yaml), [correct](../%s/correct.yaml))\n",
			r.ID, mark, r.Protects, r.Fix, f.Object, f.Message, examples, examples)
	}
	return out.String()
}

// broken is what a rule finds in its broken example.
func broken(t *testing.T, r *rules.Rule, dir string) rules.Finding {
	t.Helper()
	var c cluster.Cluster
	if text, err := os.ReadFile(path.Join(dir, "cluster.yaml")); err == nil {
		if c, err = cluster.Parse("cluster.yaml", text); err != nil {
			t.Fatal(err)
		}
	}
	// Messages name the file: the path must not depend on where the test runs.
	text, err := os.ReadFile(path.Join(dir, "broken.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse("broken.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err == nil {
		err = s.SetReplication(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rules.Check(s, c) {
		if f.Rule.ID == r.ID {
			return f
		}
	}
	t.Fatalf("%s finds nothing in its broken example", r.ID)
	return rules.Finding{}
}
