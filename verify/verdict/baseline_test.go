package verdict_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// stored is a report after a time in a file.
func stored(t *testing.T, r report.Report) report.Report {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := report.Parse("old.json", text)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

const budget = `
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: api}}
`

func TestSince(t *testing.T) {
	second := faults + strings.ReplaceAll(budget, "NAME", "second")
	third := second + strings.ReplaceAll(budget, "NAME", "third")
	for _, c := range []struct {
		name, before, after string
		claims              [2]string
		fine                bool
		fresh               []string // the rules of new findings
		broken              int
		fixed               []string
	}{
		{name: "the same", before: faults, after: faults, fine: true},
		{name: "the same, moved", before: faults, after: "# one\n# more\n" + faults, fine: true},
		{name: "another number", before: faults, after: edited(t, faults, "replicas: 2", "replicas: 4"), fine: true},
		{name: "new faults", before: faults, after: second, fresh: []string{"budget-blocks-drain", "budgets-overlap"}},
		{name: "one more of its kind", before: second, after: third, fresh: []string{"budget-blocks-drain", "budgets-overlap"}},
		{name: "fixed", before: second, after: faults, fine: true, fixed: []string{"budget-blocks-drain: PodDisruptionBudget second: ", "budgets-overlap: PodDisruptionBudget second: "}},
		{name: "no longer ignored", before: faults, after: edited(t, faults, "ignore-quorum-is-even", "ignored"), fresh: []string{"quorum-is-even"}},
		{name: "now ignored", before: edited(t, faults, "ignore-quorum-is-even", "ignored"), after: faults, fine: true},
		{name: "a claim that was broken", before: faults, after: faults, claims: [2]string{"node", "node"}, fine: true},
		{name: "a new claim", before: faults, after: faults, claims: [2]string{"", "node"}, broken: 5},
		{name: "another claim", before: faults, after: faults, claims: [2]string{"node", "zone"}, broken: 2},
		{name: "no claim any more", before: faults, after: faults, claims: [2]string{"node", ""}, fine: true},
		{name: "a claim that is kept now", before: edited(t, faults, "image: api", "image: api2"), after: edited(t, faults, "spec:\n  selector: {matchLabels: {app: api}}\n  template", "spec:\n  replicas: 2\n  selector: {matchLabels: {app: api}}\n  template"),
			claims: [2]string{"node", "node"}, fine: true, fixed: []string{"budget-blocks-drain: ", "Deployment api does not come to an end when node-1 is drained", "Deployment api stops"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := stored(t, verified(t, "a.yaml", c.before, c.claims[0]))
			all := verified(t, "b.yaml", c.after, c.claims[1])
			r := verdict.Since(all, old)
			var fresh []string
			for _, f := range r.Findings {
				fresh = append(fresh, f.Rule)
			}
			if !slices.Equal(fresh, c.fresh) || len(r.Breaches) != c.broken || r.Passed() != c.fine {
				t.Errorf("new are %q and %d breaches, fine is %v", fresh, len(r.Breaches), r.Passed())
			}
			if len(r.Baseline.Known)+len(r.Findings)+len(r.Breaches) != len(all.Findings)+len(all.Breaches) {
				t.Errorf("%d known and %d + %d new are not the %d + %d that there are", len(r.Baseline.Known), len(r.Findings), len(r.Breaches), len(all.Findings), len(all.Breaches))
			}
			slices.Sort(r.Baseline.Fixed)
			if len(r.Baseline.Fixed) != len(c.fixed) {
				t.Fatalf("fixed are %q, want %q", r.Baseline.Fixed, c.fixed)
			}
			for i, fixed := range r.Baseline.Fixed {
				if !strings.HasPrefix(fixed, c.fixed[i]) && !strings.Contains(strings.Join(r.Baseline.Fixed, "\n"), c.fixed[i]) {
					t.Errorf("fixed is %q, want %q", fixed, c.fixed[i])
				}
			}
			if r.Kept != all.Kept {
				t.Error("the claim is another with a baseline")
			}
		})
	}
}

func FuzzSince(f *testing.F) {
	f.Add(`{"version": 1, "claim": "node", "workloads": [{"name": "a", "at": "a", "worst": [{"event": "roll"}]}], "findings": [{"rule": "a", "message": "1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := report.Parse("fuzz.json", []byte(text))
		if err != nil {
			return
		}
		if again := verdict.Since(r, r); !again.Passed() && r.Requirement == "" || len(again.Findings) > 0 {
			t.Error("something is new since itself")
		}
	})
}
