package main

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// ruleDocs lists every rule with the finding in its broken example.
func ruleDocs(t *testing.T) string {
	var out strings.Builder
	out.WriteString(generated + `# Rules of verify

Each rule finds one kind of fault that costs availability and that no API server refuses. A rule reports only sure faults: the
comment on its code states the conditions. To ignore a rule for an object, annotate the object with the reason:

` + "```yaml\nmetadata:\n  annotations:\n    " + rules.Ignore + "RULE: the reason\n```" + `

Each rule has a severity, which is also its level in SARIF. Reports list the most severe findings first.

| severity | the fault |
|---|---|
| error | stops something already, without any failure: pods stay Pending, or nothing reaches them |
| warning | does harm at the next failure, drain, rollout or scaling: the service is interrupted, or the operation never ends |
| note | is a setting without effect, or a protection that is weaker than it looks |

Rules that need nodes run only with a description of them: ` + "`--cluster`" + `, Nodes among the manifests, or a live cluster. For rules
that need the number of nodes, ` + "`--nodes` or `--zones`" + ` is enough.
`)
	for _, r := range rules.All() {
		needs := ""
		switch {
		case r.NeedsNumber():
			needs = "\n\n**Needs:** number of nodes"
		case r.NeedsNodes():
			needs = "\n\n**Needs:** nodes"
		}
		examples := "verify/rules/testdata/" + r.ID
		f := broken(t, r, "../../"+examples)
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n**Severity:** %s%s\n\n**Fix:** %s\n\n**Example:** %s: %s ([broken](../%s/broken.yaml), [correct](../%s/correct.yaml))\n",
			r.ID, r.Protects, r.Severity, needs, r.Fix, f.Object, f.Message, examples, examples)
	}
	out.WriteString("\n# Rules of the simulation and of requirements\n\nTheir findings follow from what was simulated. They are ignored like the others. In a [config](config.md),\n`claim-*` matches all rules of the requirement, and also `claim-shared` and `claim-stops-rollout`.\n")
	for _, r := range verdict.Descriptions() {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n**Severity:** %s\n\n**Fix:** %s\n", r.ID, r.Protects, r.Severity, r.Fix)
	}
	return out.String()
}

// broken returns the finding of a rule in its broken example.
func broken(t *testing.T, r *rules.Rule, dir string) rules.Finding {
	t.Helper()
	var c cluster.Cluster
	if text, err := os.ReadFile(path.Join(dir, "cluster.yaml")); err == nil {
		if c, err = cluster.Parse("cluster.yaml", text); err != nil {
			t.Fatal(err)
		}
	}
	// Messages contain the file name, so the path must not depend on the working directory.
	text, err := os.ReadFile(path.Join(dir, "broken.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rules.Check(verifytest.Read(t, "broken.yaml", string(text)), c) {
		if f.Rule.ID == r.ID {
			return f
		}
	}
	t.Fatalf("%s finds nothing in its broken example", r.ID)
	return rules.Finding{}
}
