package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// stored is a report after a time in a file.
func stored(t *testing.T, r Report) Report {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseBaseline("old.json", text)
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
			r := all.Since(old)
			var fresh []string
			for _, f := range r.Findings {
				fresh = append(fresh, f.Rule)
			}
			if !slices.Equal(fresh, c.fresh) || len(r.breaches()) != c.broken || r.Fine() != c.fine {
				t.Errorf("new are %q and %d breaches, fine is %v", fresh, len(r.breaches()), r.Fine())
			}
			if len(r.Baseline.Known)+len(r.Findings)+len(r.breaches()) != len(all.Findings)+len(all.breaches()) {
				t.Errorf("%d known and %d + %d new are not the %d + %d that there are", len(r.Baseline.Known), len(r.Findings), len(r.breaches()), len(all.Findings), len(all.breaches()))
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

func TestBadBaselines(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "old.json: is no report: unexpected end of JSON input: make one by holdfast verify -o json",
		"[]":                               "old.json: is no report: cannot unmarshal array",
		"{}":                               "old.json: is no report: it has no version: make one by",
		`{"version": 7}`:                   "old.json: is a report of version 7, and this is version 1: make one by",
		`{"version": 1, "findings": 3}`:    "old.json: is no report: cannot unmarshal number",
		`{"version": 1, "baseline": {}}`:   "old.json: lacks what its own baseline knew: make one by holdfast verify -o json, without --baseline",
		`{"version": 1, "findings": null}`: "",
	} {
		_, err := ParseBaseline("old.json", []byte(text))
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParseBaseline(f *testing.F) {
	f.Add(`{"version": 1, "claim": "node", "workloads": [{"name": "a", "at": "a", "worst": [{"event": "roll"}]}], "findings": [{"rule": "a", "message": "1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseBaseline("fuzz.json", []byte(text))
		if err != nil {
			return
		}
		if again := r.Since(r); !again.Fine() && r.Claim == "" || len(again.Findings) > 0 {
			t.Error("something is new since itself")
		}
		for _, w := range r.Workloads {
			w.place()
		}
	})
}
