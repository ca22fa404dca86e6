package live

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// TestLists checks that every list can be selected by name, that an unknown name is an error, and that each kind of failure of the
// short list is in the long one.
func TestLists(t *testing.T) {
	for name, l := range lists {
		if found, err := findList(name); err != nil || len(found.entries) != len(l.entries) {
			t.Errorf("list %s: got %d scenarios and %v, want %d", name, len(found.entries), err, len(l.entries))
		}
	}
	if _, err := findList("other"); err == nil || err.Error() != `unknown list "other": choose disks or gate or leaves or long or power or secrets or short` {
		t.Errorf("got error %v", err)
	}
	kind := func(e entry) uintptr { return reflect.ValueOf(e.failure).Pointer() }
	for i, e := range lists["short"].entries {
		if !slices.ContainsFunc(lists["long"].entries, func(l entry) bool { return kind(l) == kind(e) }) {
			t.Errorf("entry %d of the short list is not in the long list", i)
		}
	}
}

// TestPredicted: each scenario has a prediction, or a reason why there is none, and no two failures have the same name.
func TestPredicted(t *testing.T) {
	r, names := &runner{cluster: commands{}}, map[string]bool{}
	for _, e := range lists["long"].entries {
		for _, nodes := range [][]string{{"a1"}, {"a1", "a2"}} {
			sc := e.failure(r, nodes...)
			if (sc.event == "") == (sc.unpredicted == "") {
				t.Errorf("%s: event %q in the report of holdfast verify, reason without a prediction %q, want one of them", sc.name, sc.event, sc.unpredicted)
			}
			names[sc.name] = true
		}
	}
	if want := len(lists["long"].entries); len(names) != want {
		t.Errorf("%d names of scenarios, want %d: %v", len(names), want, names)
	}
}

// TestFailures runs every scenario of a list on all systems at once. Each system must keep the promise of its profile.
func TestFailures(t *testing.T) {
	if *evidenceDir != "" && *listName != "long" {
		t.Fatal("-evidence needs -scenarios long")
	}
	ctx, l := t.Context(), lists[*listName]
	shared.log("list %s: %d of the %d entries of the long list, naive system: %v", *listName, len(l.entries), len(lists["long"].entries), l.naive)
	err := shared.install(ctx)
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]string, len(shared.systems))
	for i, s := range shared.systems {
		if begin[i], err = s.now(ctx, shared.kube); err != nil {
			t.Fatal(err)
		}
	}
	outcome := outcomes{lost: map[string]int{}}
	for _, e := range l.entries {
		groups, err := e.targets(ctx, shared)
		if err != nil {
			t.Fatal(err)
		}
		for _, nodes := range groups {
			outcome.run(t, e.failure(shared, nodes...))
		}
	}
	e := evidence.Evidence{Totals: total(t, begin, outcome.lost)}
	if e.Results, err = shared.recount(ctx, outcome.results); err != nil {
		t.Fatal(err)
	}
	if err := shared.addContext(ctx, &e); err != nil {
		t.Fatal(err)
	}
	p := evidence.Predictions{Date: e.Date, Kubernetes: e.Kubernetes, Failures: outcome.predicted, Unpredicted: outcome.unpredicted}
	fmt.Printf("list %s\n%s\n%s", *listName, e.Markdown(), p.Markdown())
	if *evidenceDir != "" {
		if err := errors.Join(e.Write(*evidenceDir), p.Write(*evidenceDir)); err != nil {
			t.Error(err)
		}
	}
}

// outcomes are the results of all scenarios of a run.
type outcomes struct {
	results   []evidence.Result
	predicted []evidence.Prediction
	// unpredicted are the scenarios that verify does not predict.
	unpredicted []evidence.Unpredicted
	// lost are the events that systems were allowed to lose, by title.
	lost map[string]int
}

// run runs a scenario as a subtest and keeps its outcome. It stops the test if the scenario could not be run to its end, because it
// would affect the next ones.
func (o *outcomes) run(t *testing.T, sc scenario) {
	complete := false
	passed := t.Run(sc.name, func(t *testing.T) {
		results, predictions, err := shared.run(t.Context(), sc)
		if err != nil {
			t.Fatal(err)
		}
		complete = true
		o.results = append(o.results, results...)
		o.predicted = append(o.predicted, predictions...)
		if sc.unpredicted != "" {
			o.unpredicted = append(o.unpredicted, evidence.Unpredicted{Scenario: sc.name, Reason: sc.unpredicted})
		}
		for _, p := range predictions {
			for _, differs := range p.Disagreements() {
				t.Errorf("%s: differs from the prediction of holdfast verify: %s", p.System, differs)
			}
		}
		for i, s := range shared.systems {
			if sc.mayLose(s) {
				o.lost[s.Title] += results[i].Webhook.Lost + results[i].Bus.Lost
			}
			if !sc.covers(s) {
				continue
			}
			found := violations(results[i], sc.mayLose(s))
			for _, v := range found {
				t.Errorf("%s: %s", s.Title, v)
			}
			if len(found) > 0 {
				t.Log(s.flow(t.Context(), shared.kube))
			}
		}
	})
	if !passed && !complete {
		t.FailNow()
	}
}

// total counts the whole run, from the first event to the last. Lost are the events that systems were allowed to lose.
func total(t *testing.T, begin []string, lost map[string]int) []evidence.Result {
	wait := arrival
	if *evidenceDir != "" {
		// In favour of the naive system: a client detects a server that stopped without closing its connection only after six minutes (nats.go: a
		// ping every two minutes, two of them missed).
		wait = 6 * time.Minute
	}
	var totals []evidence.Result
	for i, s := range shared.systems {
		now, err := s.now(t.Context(), shared.kube)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.settle(t.Context(), shared.kube, begin[i], now, wait)
		if err != nil {
			t.Fatal(err)
		}
		totals = append(totals, evidence.Result{Scenario: "in all", System: s.Title, Reports: r})
		if s.Survives != "" && r.Webhook.Lost+r.Bus.Lost > lost[s.Title] {
			t.Errorf("%s: lost in the whole run: %d acknowledged events, %d acknowledged messages", s.Title, r.Webhook.Lost, r.Bus.Lost)
		}
	}
	return totals
}

// recount counts the lost events of systems without a promise again at the end of the run: later failures began before all events had arrived.
func (r *runner) recount(ctx context.Context, results []evidence.Result) ([]evidence.Result, error) {
	for i, result := range results {
		s := r.systems[slices.IndexFunc(r.systems, func(s *System) bool { return s.Title == result.System })]
		if s.Survives != "" {
			continue
		}
		now, err := s.report(ctx, r.kube, result.From, result.To)
		if err != nil {
			return nil, err
		}
		results[i].Webhook.Lost, results[i].Bus.Lost = now.Webhook.Lost, now.Bus.Lost
	}
	return results, nil
}
