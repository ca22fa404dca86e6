package verify

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// outcomes are the outcomes of a requirement from the best to the worst.
var outcomes = []string{report.Proven, report.AsPlaced, report.NotMet, report.NotJudged}

// TestOutcomes holds for random systems: an object that nobody reads never improves an outcome, a longer outage allowed never worsens it,
// and an outcome that accepts the simulated placement has no required scenario in which a workload becomes unavailable.
func TestOutcomes(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(60) {
		c, system := simtest.Random(t, seed)
		in := Input{Objects: system.Objects, Cluster: c}
		run := func(in Input, within time.Duration) report.Report {
			in.Requirement = verdict.Requirement{Domains: []cluster.Domain{cluster.Node}, Within: within}
			r, err := Run(t.Context(), in)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return r
		}
		plain := run(in, 0)
		seen[plain.Outcome]++
		rank := func(r report.Report) int { return slices.Index(outcomes, r.Outcome) }
		if rank(plain) < 0 {
			t.Fatalf("seed %d: outcome %q", seed, plain.Outcome)
		}
		more := in
		more.Objects = append(slices.Clone(in.Objects), verifytest.Parse(t, "widget.yaml", "{apiVersion: example.org/v1, kind: Widget, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, image: i}]}}}}")...)
		if r := run(more, 0); rank(r) < rank(plain) || r.Kept {
			t.Errorf("seed %d: %q with an object that nobody reads, %q without", seed, r.Outcome, plain.Outcome)
		}
		if short, long := run(in, 10*time.Second), run(in, 10*time.Minute); rank(long) > rank(short) {
			t.Errorf("seed %d: %q within 10m, %q within 10s", seed, long.Outcome, short.Outcome)
		}
		if rank(plain) > slices.Index(outcomes, report.AsPlaced) {
			continue
		}
		for _, s := range plain.Scenarios {
			if s.Required && slices.Contains([]string{report.Stops, report.Blocked}, s.Verdict) {
				t.Errorf("seed %d: %q, but %s %s: %s", seed, plain.Outcome, s.Event, s.Target, s.Verdict)
			}
		}
	}
	for _, o := range []string{report.Proven, report.AsPlaced, report.NotMet} {
		if seen[o] == 0 {
			t.Errorf("no system has the outcome %q: %v", o, seen)
		}
	}
}
