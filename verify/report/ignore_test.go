package report

import (
	"slices"
	"strings"
	"testing"
)

func TestIgnore(t *testing.T) {
	r := verified(t, "a.yaml", faults, "node")
	if r.Kept || r.Fine() {
		t.Fatal("there is nothing to ignore")
	}
	asked := map[string]bool{}
	some := r.Ignore(func(rule, object string) (string, string) {
		asked[rule] = true
		if object == "Deployment api" {
			return "a reason", "c.yaml:3"
		}
		return "", ""
	})
	if some.Kept || r.breaches()[0].workload.Name != "Deployment api" || some.breaches()[0].workload.Name == "Deployment api" {
		t.Error("what another workload breaks is not ignored, and what was ignored is")
	}
	if !asked["claim-lose-node"] || !asked["budget-blocks-drain"] || asked["quorum-is-even"] {
		t.Errorf("asked for %v: what the object ignores itself stays", asked)
	}
	for rule := range asked {
		if !slices.Contains(Rules(), rule) {
			t.Errorf("%s is asked for and is no rule", rule)
		}
	}
	all := r.Ignore(func(string, string) (string, string) { return "a reason", "c.yaml:3" })
	if !all.Kept || !all.Fine() || len(all.breaches()) > 0 {
		t.Error("when all is ignored something counts")
	}
	if r.Kept || r.Findings[0].IgnoredAt != "" {
		t.Error("the report was changed")
	}
	kinds := map[string]bool{}
	for _, made := range decodeSARIF(t, writtenSARIF(t, all)).Results {
		kinds[*made.Suppressions[0].Kind] = true
	}
	if !kinds["external"] || !kinds["inSource"] {
		t.Errorf("suppressions are %v", kinds)
	}
}

// TestAnnotatedClaims: a workload says itself that a claim need not hold for it.
func TestAnnotatedClaims(t *testing.T) {
	own := edited(t, faults, "metadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n  template",
		"metadata: {name: api, annotations: {holdfast-ha.github.io/ignore-claim-lose-node: it may}}\nspec:\n  selector: {matchLabels: {app: api}}\n  template")
	before, after := verified(t, "a.yaml", faults, "node").breaches(), verified(t, "a.yaml", own, "node").breaches()
	gone := slices.DeleteFunc(before, func(b breach) bool { return slices.ContainsFunc(after, b.same) })
	if len(gone) != 1 || gone[0].rule() != "claim-lose-node" || !strings.HasPrefix(gone[0].String(), "Deployment api ") {
		t.Errorf("ignored is %v", gone)
	}
}
