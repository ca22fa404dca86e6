package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/report/reporttest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// decodeSARIF reads a log that has only keys of SARIF 2.1.0, and validates it against the schema of the standard.
func decodeSARIF(t *testing.T, text []byte) *sarif.Run {
	t.Helper()
	var log sarif.Report
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

func writtenSARIF(t *testing.T, r report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteSARIF(&out, "/srv", "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSARIF(t *testing.T) {
	r := reporttest.Verify(t, "dir/a b.yaml", reporttest.Faults, "zone")
	text := writtenSARIF(t, r)
	if again := writtenSARIF(t, r); !bytes.Equal(text, again) {
		t.Error("the same report gives a different log")
	}
	run := decodeSARIF(t, text)
	if rules := len(r.Rules) + len(r.RequirementRules); len(run.Tool.Driver.Rules) != rules {
		t.Errorf("got %d rules, want %d", len(run.Tool.Driver.Rules), rules)
	}
	type result struct {
		level, uri, object string
		line, suppressed   int
	}
	got := map[string]result{}
	for _, made := range run.Results {
		place := made.Locations[0].PhysicalLocation
		if *run.Tool.Driver.Rules[made.RuleIndex].ID != *made.RuleID {
			t.Errorf("%s has the index of %s", *made.RuleID, *run.Tool.Driver.Rules[made.RuleIndex].ID)
		}
		got[*made.RuleID+" "+*made.Locations[0].LogicalLocations[0].FullyQualifiedName] = result{made.Level, *place.ArtifactLocation.URI,
			*made.Message.Text, *place.Region.StartLine, len(made.Suppressions)}
	}
	for key, want := range map[string]result{
		"budget-blocks-drain PodDisruptionBudget api": {"warning", "dir/a%20b.yaml", "never allows an eviction from Deployment api (pods: 1)", 14, 0},
		"quorum-is-even StatefulSet store":            {"note", "dir/a%20b.yaml", "2 quorum members survive the failure of 0", 24, 1},
		"claim-lose-zone Deployment api":              {"error", "dir/a%20b.yaml", "Deployment api is unavailable for 5m51s", 1, 0},
		"claim-lose-zone StatefulSet store":           {"error", "dir/a%20b.yaml", "StatefulSet store becomes unavailable", 18, 0},
	} {
		made, ok := got[key]
		if !ok || made.level != want.level || made.uri != want.uri || made.line != want.line || made.suppressed != want.suppressed || !strings.Contains(made.object, want.object) {
			t.Errorf("%s: got %+v, want %+v", key, made, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for file, want := range map[string]string{
		"-":             "stdin",
		"a.yaml":        "a.yaml",
		"./a/../b.yaml": "b.yaml",
		"../b.yaml":     "../b.yaml",
		"a:b.yaml":      "./a:b.yaml",
		"a#b?.yaml":     "a%23b%3F.yaml",
		"/srv/a/b.yaml": "a/b.yaml",
		"/works/b.yaml": "file:///works/b.yaml",
	} {
		if got := report.Address("/srv", file); got != want {
			t.Errorf("%s: got %s, want %s", file, got, want)
		}
	}
}

// TestFingerprints: a result keeps its fingerprint when lines and numbers change, and no two results share one.
func TestFingerprints(t *testing.T) {
	of := func(r report.Report) map[string]string {
		all := map[string]string{}
		for _, made := range decodeSARIF(t, writtenSARIF(t, r)).Results {
			id := made.PartialFingerprints["holdfast/v1"]
			if other, ok := all[id]; ok {
				t.Errorf("%s and %s share a fingerprint", other, *made.Message.Text)
			}
			all[id] = *made.RuleID
		}
		return all
	}
	// Two findings of one rule and object that differ only in a number.
	twins := ""
	for _, name := range []string{"web-1", "web-2"} {
		twins += reporttest.Replace(t, reporttest.Faults[:strings.Index(reporttest.Faults, "---")], "{name: api}", "{name: "+name+"}") + "---\n"
	}
	twins += reporttest.Budget("one") + reporttest.Budget("two")
	if found := of(reporttest.Verify(t, "a.yaml", twins, "")); len(found) < 2 {
		t.Errorf("got no pair of such findings: %v", found)
	}
	before := of(reporttest.Verify(t, "a.yaml", reporttest.Faults, "zone"))
	after := of(reporttest.Verify(t, "b.yaml", "# moved\n\n"+reporttest.Replace(t, reporttest.Faults, "replicas: 2", "replicas: 4"), "zone"))
	for id, rule := range after {
		if before[id] != rule {
			t.Errorf("%s has another fingerprint", rule)
		}
	}
	if len(after) == 0 {
		t.Error("no results")
	}
}

// TestSuppressions: a finding is suppressed in its object or by a config.
func TestSuppressions(t *testing.T) {
	r := verdict.Ignore(reporttest.Verify(t, "a.yaml", reporttest.Faults, "node"), func(string, string) (string, string) { return "a reason", "c.yaml:3" })
	kinds := map[string]bool{}
	for _, made := range decodeSARIF(t, writtenSARIF(t, r)).Results {
		kinds[*made.Suppressions[0].Kind] = true
	}
	if !kinds["external"] || !kinds["inSource"] {
		t.Errorf("suppressions are %v", kinds)
	}
}
