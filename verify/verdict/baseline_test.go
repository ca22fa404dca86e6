package verdict_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/report/reporttest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// stored returns a report as parsed from its JSON.
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

func TestSince(t *testing.T) {
	const faults = reporttest.Faults
	second := faults + reporttest.Budget("second")
	third := second + reporttest.Budget("third")
	two := reporttest.Replace(t, faults, "spec:\n  selector: {matchLabels: {app: api}}\n  template", "spec:\n  replicas: 2\n  selector: {matchLabels: {app: api}}\n  template")
	spread := reporttest.Replace(t, two, "containers: [{name: api,", "topologySpreadConstraints: [{maxSkew: 1, minDomains: 2, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor, matchLabelKeys: [pod-template-hash], labelSelector: {matchLabels: {app: api}}}]\n      containers: [{name: api,")
	for _, c := range []struct {
		name, before, after string
		survives            [2]string
		passed              bool
		fresh               []string // rules of new findings
		breaches            int
		fixed               []string
	}{
		{name: "the same", before: faults, after: faults, passed: true},
		{name: "the same, moved", before: faults, after: "# one\n# more\n" + faults, passed: true},
		{name: "another number", before: faults, after: reporttest.Replace(t, faults, "replicas: 2", "replicas: 4"), passed: true},
		{name: "new faults", before: faults, after: second, fresh: []string{"budget-blocks-drain", "budgets-overlap"}},
		{name: "one more of its kind", before: second, after: third, fresh: []string{"budget-blocks-drain", "budgets-overlap"}},
		{name: "fixed", before: second, after: faults, passed: true, fixed: []string{"budget-blocks-drain: PodDisruptionBudget second: ", "budgets-overlap: PodDisruptionBudget second: "}},
		{name: "no longer ignored", before: faults, after: reporttest.Replace(t, faults, "ignore-quorum-is-even", "ignored"), fresh: []string{"quorum-is-even"}},
		{name: "now ignored", before: reporttest.Replace(t, faults, "ignore-quorum-is-even", "ignored"), after: faults, passed: true},
		{name: "a requirement that was broken", before: faults, after: faults, survives: [2]string{"node", "node"}, passed: true},
		{name: "a new requirement", before: faults, after: faults, survives: [2]string{"", "node"}, breaches: 5},
		{name: "another requirement", before: faults, after: faults, survives: [2]string{"node", "zone"}, breaches: 2},
		{name: "no requirement any more", before: faults, after: faults, survives: [2]string{"node", ""}, passed: true},
		{name: "a requirement that is kept now", before: reporttest.Replace(t, faults, "image: api", "image: api2"), after: spread,
			survives: [2]string{"node", "node"}, passed: true, fixed: []string{"budget-blocks-drain: ", "Deployment api blocks the drain when node-1 is drained", "Deployment api is unavailable for"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := stored(t, reporttest.Verify(t, "a.yaml", c.before, c.survives[0]))
			all := reporttest.Verify(t, "b.yaml", c.after, c.survives[1])
			r := verdict.Since(all, old)
			var fresh []string
			for _, f := range r.Findings {
				fresh = append(fresh, f.Rule)
			}
			if !slices.Equal(fresh, c.fresh) || len(r.Breaches) != c.breaches || r.Passed() != c.passed {
				t.Errorf("new: %q and %d breaches, passed %v; want %q and %d breaches, passed %v", fresh, len(r.Breaches), r.Passed(), c.fresh, c.breaches, c.passed)
			}
			if len(r.Baseline.Known)+len(r.Findings)+len(r.Breaches) != len(all.Findings)+len(all.Breaches) {
				t.Errorf("%d known and %d + %d new, want %d + %d in total", len(r.Baseline.Known), len(r.Findings), len(r.Breaches), len(all.Findings), len(all.Breaches))
			}
			slices.Sort(r.Baseline.Fixed)
			if len(r.Baseline.Fixed) != len(c.fixed) {
				t.Fatalf("fixed: got %q, want %q", r.Baseline.Fixed, c.fixed)
			}
			for i, fixed := range r.Baseline.Fixed {
				if !strings.HasPrefix(fixed, c.fixed[i]) && !strings.Contains(strings.Join(r.Baseline.Fixed, "\n"), c.fixed[i]) {
					t.Errorf("fixed: got %q, want %q", fixed, c.fixed[i])
				}
			}
			if r.Kept != all.Kept {
				t.Error("the baseline changes whether the requirement is kept")
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
			t.Error("a report has new findings since itself")
		}
	})
}
