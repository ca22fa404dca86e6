package verdict_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/report/reporttest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

func TestIgnore(t *testing.T) {
	r := reporttest.Verify(t, "a.yaml", reporttest.Faults, "node")
	if r.Kept || r.Passed() {
		t.Fatal("the example does not break the requirement")
	}
	queried := map[string]bool{}
	some := verdict.Ignore(r, func(rule, object string) (string, string) {
		queried[rule] = true
		if object == "Deployment api" {
			return "a reason", "c.yaml:3"
		}
		return "", ""
	})
	if some.Kept || r.Breaches[0].Workload.Name != "Deployment api" || some.Breaches[0].Workload.Name == "Deployment api" {
		t.Error("want breaches of api ignored, and those of other workloads not")
	}
	if !queried["claim-lose-node"] || !queried["budget-blocks-drain"] || queried["quorum-is-even"] {
		t.Errorf("queried %v, want no rule that the object ignores itself", queried)
	}
	for rule := range queried {
		if !slices.Contains(verdict.Rules(nil), rule) {
			t.Errorf("queried %s, which is not a rule", rule)
		}
	}
	all := verdict.Ignore(r, func(string, string) (string, string) { return "a reason", "c.yaml:3" })
	if !all.Kept || !all.Passed() || len(all.Breaches) > 0 {
		t.Error("the report does not pass with everything ignored")
	}
	if r.Kept || r.Findings[0].IgnoredAt != "" {
		t.Error("Ignore changes the original report")
	}
	sources := map[bool]bool{}
	for _, f := range all.Findings {
		sources[f.IgnoredAt != ""] = true
	}
	if len(sources) != 2 {
		t.Errorf("want reasons from the config and from an object, got %v", sources)
	}
}

// TestIgnoreByAnnotation: an annotation of a workload ignores its breach of the requirement.
func TestIgnoreByAnnotation(t *testing.T) {
	own := reporttest.Replace(t, reporttest.Faults, "metadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n  template",
		"metadata: {name: api, annotations: {holdfast-ha.github.io/ignore-claim-lose-node: it may}}\nspec:\n  selector: {matchLabels: {app: api}}\n  template")
	before, after := reporttest.Verify(t, "a.yaml", reporttest.Faults, "node").Breaches, reporttest.Verify(t, "a.yaml", own, "node").Breaches
	gone := slices.DeleteFunc(before, func(b report.Breach) bool {
		return slices.ContainsFunc(after, func(other report.Breach) bool { return other.Fingerprint == b.Fingerprint })
	})
	if len(gone) != 1 || gone[0].Rule != "claim-lose-node" || !strings.HasPrefix(gone[0].String(), "Deployment api ") {
		t.Errorf("ignored: got %v, want the node failure of api", gone)
	}
}
