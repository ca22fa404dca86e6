package live

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var evidenceDir = flag.String("evidence", "", "write what was seen into this folder")

// TestNothingAckedIsLost plays every failure on all systems at once, and holds each to what its profile promises.
func TestNothingAckedIsLost(t *testing.T) {
	ctx := t.Context()
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
	var results []Result
	for _, sc := range all {
		t.Run(sc.name, func(t *testing.T) {
			played, err := the.play(ctx, sc)
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, played...)
			for i, s := range the.systems {
				for _, broken := range sc.broken(s, played[i]) {
					t.Errorf("%s: %s", s.Title, broken)
				}
			}
		})
	}
	var totals []Result
	for i, s := range the.systems {
		// A client of a server that went silent gives up after six minutes (nats.go: 2 minutes, twice missed).
		r, err := s.settle(ctx, the.kube, begin[i], 6*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		totals = append(totals, Result{Scenario: "in all", System: s.Title, Reports: r})
		if s.Survives != "" && r.Webhook.Lost+r.Bus.Lost > 0 {
			t.Errorf("%s: lost in the end: %d of the webhook's events, %d of the bus's messages", s.Title, r.Webhook.Lost, r.Bus.Lost)
		}
	}
	e, err := the.evidence(ctx, results, totals)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s", e.markdown())
	if *evidenceDir != "" {
		if err := e.write(*evidenceDir); err != nil {
			t.Error(err)
		}
	}
}
