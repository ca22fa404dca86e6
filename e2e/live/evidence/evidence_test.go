package evidence

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

// folder is docs/evidence.
const folder = "../../../docs/evidence"

// TestFailuresPage checks that the page was written from the committed data, and that the data is complete.
func TestFailuresPage(t *testing.T) {
	e, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page, e.Markdown())
	if !slices.ContainsFunc(e.Results, func(r Result) bool { return r.Limits != (Limits{}) }) {
		t.Error("no result has a limit")
	}
	for _, total := range e.Totals {
		if total.Webhook.Acked == 0 || total.Bus.Acked == 0 {
			t.Errorf("%s: nothing was counted", total.System)
		}
	}
}

// TestMigrationsPage checks that the page was written from the committed data, and that nothing was lost.
func TestMigrationsPage(t *testing.T) {
	m, err := ReadMigrations(folder)
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, migrationsPage, m.Markdown())
	if len(m.Steps) == 0 {
		t.Error("there are no steps")
	}
	for _, r := range m.Steps {
		if r.Webhook.Acked == 0 || r.Webhook.Lost+r.Bus.Lost > 0 {
			t.Errorf("%s: %d POSTs acknowledged, %d events and %d messages lost", r.Scenario, r.Webhook.Acked, r.Webhook.Lost, r.Bus.Lost)
		}
	}
}

// TestAlarmsPage checks that the page was written from the committed data, once there is some, and that no alert was missing, late or wrong.
func TestAlarmsPage(t *testing.T) {
	a, err := ReadAlarms(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return // not measured yet
	}
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, alarmsPage, a.Markdown())
	if len(a.Rows) == 0 {
		t.Error("there are no rows")
	}
	for _, row := range a.Rows {
		for _, v := range row.Violations() {
			t.Error(v)
		}
	}
}

// TestViolations: an alert that is missing, late, or fires without a failure.
func TestViolations(t *testing.T) {
	a := Alarm{Scenario: "s", Expected: []Expected{{"A", 10}, {"B", 10}, {"C", 10}}, Fired: []Fired{{Alert: "A", After: 9}, {Alert: "B", After: 11}, {Alert: "D", After: 1}}}
	if got, want := a.Violations(), []string{"s: B fired after 11 s, limit 10 s", "s: C did not fire"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	a.Expected = nil
	if got := a.Violations(); len(got) != 3 {
		t.Errorf("got %v, want each alert", got)
	}
	for _, want := range []string{"| s | A", "- s: B"} {
		if text := string((Alarms{Rows: []Alarm{a}}).Markdown()); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// checkPage compares a page of docs/evidence with the page for its data.
func checkPage(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/evidence/%s differs from its data: run make evidence, or go test ./live/evidence -fixpages after a change of its text", name)
		if *fixPages {
			if err := os.WriteFile(filepath.Join(folder, name), want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

var fixPages = flag.Bool("fixpages", false, "write the pages of docs/evidence from their data")

// TestChanged lists every kind of difference between digests.
func TestChanged(t *testing.T) {
	before := Charts{"a": {"Job x": "1", "Pod y": "2"}, "b": {"Pod z": "3"}}
	if changed := before.Changed(before); len(changed) > 0 {
		t.Errorf("nothing changed: got %q", changed)
	}
	after := Charts{"a": {"Job x": "1", "Pod y": "5", "Pod new": "6"}}
	want := []string{"a: Pod new", "a: Pod y", "b: Pod z"}
	if changed := before.Changed(after); !slices.Equal(changed, want) {
		t.Errorf("got %q, want %q", changed, want)
	}
}

func TestExceeded(t *testing.T) {
	r := Result{Reports: report.Reports{Webhook: report.Report{ArrivalGap: 31}, Bus: report.Report{AckGap: 11}}, Limits: Limits{Bus: 10, Sensor: 30}}
	for tolerance, want := range map[float64]int{0: 2, 0.9: 2, 1: 0} {
		if got := r.Exceeded(tolerance); len(got) != want {
			t.Errorf("tolerance %g s: %d limits exceeded, want %d: %q", tolerance, len(got), want, got)
		}
	}
	r.Limits = Limits{Bus: 10}
	if got := r.Exceeded(0); len(got) != 1 || got[0] != "no acknowledgement by the bus for 11.0 s, limit 10 s" {
		t.Errorf("got %q", got)
	}
	if r.Limits = (Limits{}); len(r.Exceeded(0)) > 0 {
		t.Errorf("without limits: got %q", r.Exceeded(0))
	}
}

func TestSummary(t *testing.T) {
	of := func(acked int, gap float64) report.Reports {
		return report.Reports{Webhook: report.Report{Acked: acked, Failed: 1, ArrivalGap: gap}}
	}
	if strings.Contains(string(Evidence{}.Markdown()), "failed disks") {
		t.Error("there is a list of failed disks without one")
	}
	e := Evidence{
		Results: []Result{
			{Scenario: "kill", System: "a", Reports: of(1, 2), Recovered: 5}, {Scenario: "kill", System: "b", Reports: of(3, 0)},
			{Scenario: "kill", System: "a", Reports: of(5, 1), Recovered: 4}, {Scenario: "kill", System: "b", Reports: of(0, 7)},
			{Scenario: "zone", System: "a", Reports: of(9, 0), Counted: 6.6}, {Scenario: "zone", System: "b", Reports: of(4, 1)},
		},
		Totals: []Result{{System: "a"}, {System: "b"}},
	}
	rows := summary(e.Results)
	if len(rows) != 4 || rows[0].Scenario != "kill (2 times)" || rows[0].Webhook.Acked != 6 || rows[0].Webhook.ArrivalGap != 2 || rows[0].Recovered != 5 {
		t.Errorf("got %+v", rows)
	}
	const want = `| refused · bus gap · sensor gap | a | b |
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
	if err != nil || !bytes.Equal(read.Markdown(), e.Markdown()) || !strings.Contains(string(read.Markdown()), want) ||
		!strings.Contains(string(read.Markdown()), "(limit 15 s):\n\n- zone, a: after 7 s\n\n## The whole run") {
		t.Errorf("after writing and reading: %v\n%s", err, read.Markdown())
	}
}
