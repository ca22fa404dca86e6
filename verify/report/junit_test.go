package report_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/report/reporttest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

func decodeJUnit(t *testing.T, r report.Report) report.Suites {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	var all report.Suites
	if err := xml.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return all
}

func TestJUnit(t *testing.T) {
	r := reporttest.Verify(t, "a.yaml", reporttest.Faults, "node")
	all := decodeJUnit(t, r)
	if len(all.Suites) != 2 {
		t.Fatalf("%d suites", len(all.Suites))
	}
	cases := map[string]report.Testcase{}
	var tests, failures, skipped int
	for _, s := range all.Suites {
		if s.Tests != len(s.Cases) {
			t.Errorf("suite %s counts %d tests and has %d", s.Name, s.Tests, len(s.Cases))
		}
		tests, failures, skipped = tests+s.Tests, failures+s.Failures, skipped+s.Skipped
		for _, c := range s.Cases {
			if _, twice := cases[c.Class+"/"+c.Name]; twice {
				t.Errorf("test case %s exists twice", c.Name)
			}
			cases[c.Class+"/"+c.Name] = c
		}
	}
	if all.Tests != tests || all.Failures != failures || all.Skipped != skipped || tests < len(r.Rules) {
		t.Errorf("sums are %d, %d, %d; want %d, %d, %d", all.Tests, all.Failures, all.Skipped, tests, failures, skipped)
	}
	for name, want := range map[string]string{
		"rules/budget-blocks-drain: PodDisruptionBudget api": "a.yaml:14: PodDisruptionBudget api: never allows",
		"Deployment api/node failure":                        "a.yaml:1: Deployment api is unavailable for 5m51s when node-1 fails",
	} {
		c, ok := cases[name]
		if !ok || c.Failure == nil || !strings.Contains(c.Failure.Text, want) || c.File != "a.yaml" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := cases["rules/quorum-is-even: StatefulSet store"]; c.Skipped == nil || !strings.Contains(c.Skipped.Message, "a third <comes> & \uFFFD soon ]]>") {
		t.Errorf("ignored finding: %+v", c)
	}
	excepted := verdict.Ignore(r, func(rule, object string) (string, string) {
		return map[string]string{"claim-lose-node Deployment api": "it may stop"}[rule+" "+object], "v.yaml:1"
	})
	for _, c := range decodeJUnit(t, excepted).Suites[1].Cases {
		if c.Class == "Deployment api" && c.Name == "node failure" && (c.Failure != nil || c.Skipped == nil || !strings.Contains(c.Skipped.Message, "(ignored: it may stop)")) {
			t.Errorf("ignored breach: %+v", c)
		}
	}
	if c, ok := cases["rules/budgets-overlap"]; !ok || c.Failure != nil || c.Skipped != nil {
		t.Errorf("a rule without findings: %+v", c)
	}
	if c, ok := cases["Deployment api/zone failure"]; !ok || c.Failure != nil {
		t.Errorf("event that is not required: %+v", c)
	}
}
