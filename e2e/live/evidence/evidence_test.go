package evidence

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

// TestPages checks that the page was written from the data.
func TestPages(t *testing.T) {
	const root = "../../.."
	dir := filepath.Join(root, "docs", "evidence")
	e, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, page))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, e.Markdown()) {
		t.Errorf("docs/evidence/%s is not what %s says: run make evidence", page, data)
	}
	if !slices.ContainsFunc(e.Results, func(r Result) bool { return r.Asked != (Asked{}) }) {
		t.Error("nothing was asked of any system")
	}
	for _, total := range e.Totals {
		if total.Webhook.Acked == 0 || total.Bus.Acked == 0 {
			t.Errorf("%s: nothing was counted", total.System)
		}
	}
}

func TestMissed(t *testing.T) {
	r := Result{Reports: report.Reports{Webhook: report.Report{ArrivalGap: 31}, Bus: report.Report{AckGap: 11}}, Asked: Asked{Bus: 10, Sensor: 30}}
	for more, want := range map[float64]int{0: 2, 0.9: 2, 1: 0} {
		if got := r.Missed(more); len(got) != want {
			t.Errorf("with %g s more: %d missed, want %d: %q", more, len(got), want, got)
		}
	}
	r.Asked = Asked{Bus: 10}
	if got := r.Missed(0); len(got) != 1 || got[0] != "the bus took nothing for 11.0 s, 10 are allowed" {
		t.Errorf("got %q", got)
	}
	if r.Asked = (Asked{}); len(r.Missed(0)) > 0 {
		t.Errorf("nothing was asked, and %q missed", r.Missed(0))
	}
}

func TestSummary(t *testing.T) {
	of := func(acked int, gap float64) report.Reports {
		return report.Reports{Webhook: report.Report{Acked: acked, Failed: 1, ArrivalGap: gap}}
	}
	e := Evidence{
		Results: []Result{
			{Scenario: "kill", System: "a", Reports: of(1, 2), Whole: 5}, {Scenario: "kill", System: "b", Reports: of(3, 0)},
			{Scenario: "kill", System: "a", Reports: of(5, 1), Whole: 4}, {Scenario: "kill", System: "b", Reports: of(0, 7)},
			{Scenario: "zone", System: "a", Reports: of(9, 0)}, {Scenario: "zone", System: "b", Reports: of(4, 1)},
		},
		Totals: []Result{{System: "a"}, {System: "b"}},
	}
	rows := summary(e.Results)
	if len(rows) != 4 || rows[0].Scenario != "kill (2 times)" || rows[0].Webhook.Acked != 6 || rows[0].Webhook.ArrivalGap != 2 || rows[0].Whole != 5 {
		t.Errorf("got %+v", rows)
	}
	const want = `| refused · bus stops · sensor stops | a | b |
|---|--:|--:|
| kill (2 times) | 2 · 0.0 s · 2.0 s | 2 · 0.0 s · 7.0 s |
| zone | 1 · 0.0 s · 0.0 s | 1 · 0.0 s · 1.0 s |
`
	if got := e.Short(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	dir := t.TempDir()
	if err := e.Write(dir); err != nil {
		t.Fatal(err)
	}
	read, err := Read(dir)
	if err != nil || !bytes.Equal(read.Markdown(), e.Markdown()) || !strings.Contains(string(read.Markdown()), want) {
		t.Errorf("read again: %v\n%s", err, read.Markdown())
	}
}
