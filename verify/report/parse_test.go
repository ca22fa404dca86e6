package report

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "old.json: not a report: unexpected end of JSON input: create one with holdfast verify -o json",
		"[]":                               "old.json: not a report: cannot unmarshal array",
		"{}":                               "old.json: not a report: version is missing: create one with",
		`{"version": 7}`:                   "old.json: report version 7 is not supported, want 1: create one with",
		`{"version": 1, "findings": 3}`:    "old.json: not a report: cannot unmarshal number",
		`{"version": 1, "baseline": {}}`:   "old.json: report was itself created with a baseline and is incomplete: create one with holdfast verify -o json, without --baseline",
		`{"version": 1, "findings": null}`: "",
	} {
		_, err := Parse("old.json", []byte(text))
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"version": 1, "claim": "node", "workloads": [{"name": "a", "at": "a", "worst": [{"event": "roll"}]}], "findings": [{"rule": "a", "message": "1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse("fuzz.json", []byte(text))
		if (err == nil) != (r.Version == Version && r.Baseline == nil) && err == nil {
			t.Error("an incomplete report is accepted")
		}
		for _, w := range r.Workloads {
			w.place()
		}
	})
}
