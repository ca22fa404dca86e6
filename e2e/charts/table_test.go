package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var fixPages = flag.Bool("fixpages", false, "write docs/evidence/charts.md from its data")

// TestPage checks that the page was written from the committed data, that it has enough charts, and that each finding was judged and is true.
func TestPage(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "evidence")
	table, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if *fixPages {
		if err := os.WriteFile(filepath.Join(dir, page), table.markdown(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, page)); err != nil || !bytes.Equal(got, table.markdown()) {
		t.Errorf("docs/evidence/%s differs from its data (%v): go test ./charts -fixpages", page, err)
	}
	if charts, repositories := table.distinct(); charts < 60 || repositories < 40 {
		t.Errorf("%d charts of %d repositories", charts, repositories)
	}
	for _, c := range table.Charts {
		if !slices.Contains([]string{"proven", "as placed", "not met", notJudged, Refused}, c.Outcome) || (c.Reason != "") != (c.Outcome == notJudged || c.Outcome == Refused) {
			t.Errorf("%s: outcome %q, reason %q", c.Rendering, c.Outcome, c.Reason)
		}
		for _, f := range c.Findings {
			if f.Judgement != "true" || f.Why == "" {
				t.Errorf("%s: %s is judged %q, %q: read the manifests", c.Rendering, f.Rule, f.Judgement, f.Why)
			}
		}
	}
}
