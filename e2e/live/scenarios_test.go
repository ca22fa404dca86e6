package live

import (
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

var evidenceDir = flag.String("evidence", "", "write what was seen into this folder")

// TestNothingAckedIsLost plays every failure on all systems at once, and holds each to what its profile promises.
func TestNothingAckedIsLost(t *testing.T) {
	ctx := t.Context()
	if err := the.install(ctx); err != nil {
		t.Fatal(err)
	}
	all, err := the.scenarios(ctx)
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]string, len(the.systems))
	for i, s := range the.systems {
		if begin[i], err = s.now(ctx, the.kube); err != nil {
			t.Fatal(err)
		}
	}
	var results []evidence.Result
	var predicted []evidence.Prediction
	for _, sc := range all {
		played := false
		passed := t.Run(sc.name, func(t *testing.T) {
			outcome, predictions, err := the.play(ctx, sc)
			if err != nil {
				t.Fatal(err)
			}
			played = true
			results = append(results, outcome...)
			predicted = append(predicted, predictions...)
			for _, p := range predictions {
				for _, differs := range p.Disagreements() {
					t.Errorf("%s: not as holdfast verify predicted: %s", p.System, differs)
				}
			}
			for i, s := range the.systems {
				if !sc.holds(s) {
					continue
				}
				all := broken(outcome[i])
				for _, what := range all {
					t.Errorf("%s: %s", s.Title, what)
				}
				if len(all) > 0 {
					t.Log(s.flow(ctx, the.kube))
				}
			}
		})
		if !passed && !played {
			t.FailNow() // What follows would suffer from it, and say nothing of its own.
		}
	}
	wait := arrival
	if *evidenceDir != "" {
		// To be fair: a client of a server that went silent gives up after six minutes (nats.go: 2 minutes, twice missed).
		wait = 6 * time.Minute
	}
	var totals []evidence.Result
	for i, s := range the.systems {
		r, err := s.settle(ctx, the.kube, begin[i], wait)
		if err != nil {
			t.Fatal(err)
		}
		totals = append(totals, evidence.Result{Scenario: "in all", System: s.Title, Reports: r})
		if s.Survives != "" && r.Webhook.Lost+r.Bus.Lost > 0 {
			t.Errorf("%s: lost in the end: %d of the webhook's events, %d of the bus's messages", s.Title, r.Webhook.Lost, r.Bus.Lost)
		}
	}
	e, err := the.gather(ctx, results, totals)
	if err != nil {
		t.Fatal(err)
	}
	p := evidence.Predictions{Date: e.Date, Kubernetes: e.Kubernetes, Failures: predicted}
	fmt.Printf("%s\n%s", e.Markdown(), p.Markdown())
	if *evidenceDir != "" {
		if err := errors.Join(e.Write(*evidenceDir), p.Write(*evidenceDir)); err != nil {
			t.Error(err)
		}
	}
}
