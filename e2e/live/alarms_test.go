package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
	"github.com/holdfast-ha/holdfast/e2e/nodes"
)

// alarm is an entry whose alerts are recorded.
type alarm struct {
	entry
	// expected are alerts that must fire while the failure lasts, with the time after which they fire. Without any, the change is no failure, and no
	// alert may fire until it has ended.
	expected map[string]time.Duration
}

// The times after which alerts fire, from their rules, and the time until a failure is in the metrics: a node is marked as not ready (nodes.Grace),
// its pods are marked as not ready, and Prometheus reads and evaluates.
const visible = nodes.Grace + 20*time.Second

// alarms are failures of the evidence, and the changes that are no failures. The short list has one of each. Alerts that wait for minutes are expected
// in the loss of a zone only, which lasts the longest.
var alarms = map[string][]alarm{
	"short": {
		{entry{rolloutOfBus, noNode}, nil},
		{entry{powerLoss, leaderNode}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute}},
	},
	"long": {
		{entry{noFailure, noNode}, nil},
		{entry{rolloutOfSources, noNode}, nil},
		{entry{rolloutOfSensors, noNode}, nil},
		{entry{rolloutOfBus, noNode}, nil},
		{entry{rolloutOfLeaves, noNode}, nil},
		{entry{upgrade, noNode}, nil},
		{entry{rotation, noNode}, nil},
		{entry{drain, leaderNode}, nil},
		{entry{controlPlaneOutage, noNode}, nil},
		{entry{powerLoss, leaderNode}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute}},
		{entry{networkLoss, leaderNode}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute}},
		{entry{powerLoss, firstZone}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute, "NodeOfPodNotReady": 5 * time.Minute, "NodeWithoutPod": 5 * time.Minute, "BudgetAllowsNothing": 10 * time.Minute}},
		{entry{powerLossOfTwo, twoZones}, map[string]time.Duration{"QuorumLost": 2 * time.Minute}},
		{entry{diskFull, noNode}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute}},
		{entry{diskReadOnly, followerNode}, map[string]time.Duration{"OneFailureFromOutage": 2 * time.Minute}},
		{entry{failingTrigger, noNode}, map[string]time.Duration{"ActionRetriesExhausted": time.Minute}},
	},
}

// twoZones is the group of all nodes of two zones: the bus loses its majority.
func twoZones(ctx context.Context, r *runner) ([][]string, error) {
	zones, err := r.zones(ctx)
	if err != nil {
		return nil, err
	}
	return [][]string{slices.Concat(zones[:2]...)}, nil
}

// powerLossOfTwo cuts the power of two zones.
func powerLossOfTwo(r *runner, nodes ...string) scenario {
	sc := powerLoss(r, nodes...)
	sc.name = "power loss of two zones"
	return sc
}

// failingTrigger takes the server away that triggers call.
func failingTrigger(r *runner, _ ...string) scenario {
	patch := func(ctx context.Context, value string) error {
		for _, s := range r.systems {
			if _, err := r.kube.run(ctx, r.kube.kubectl, "", "patch", "service", "load", "-n", s.Name, "-p", `{"spec": {"selector": {"load": "`+value+`"}}}`); err != nil {
				return err
			}
		}
		return nil
	}
	return scenario{name: "a trigger's server is gone", unpredicted: "simulates no server outside of the system",
		fail: func(ctx context.Context) error { return patch(ctx, "nobody") },
		end:  func(ctx context.Context) error { return patch(ctx, "generator") }}
}

// TestAlarms: on real nodes, with a real Prometheus, each failure fires its alerts within their time, and no rollout, drain or upgrade fires one.
func TestAlarms(t *testing.T) {
	ctx, s := t.Context(), watched()
	w := *shared
	w.systems = []*System{s}
	if err := s.install(ctx, w.kube, w.files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.uninstall(t) })
	p, err := installPrometheus(ctx, w.kube, w.files, s)
	if err != nil {
		t.Fatal(err)
	}
	list := alarms["short"]
	if *evidenceDir != "" {
		list = alarms["long"]
	}
	e := evidence.Alarms{Date: time.Now().UTC().Format(time.DateOnly)}
	for _, a := range list {
		groups, err := a.targets(ctx, &w)
		if err != nil {
			t.Fatal(err)
		}
		for _, nodes := range groups {
			sc := a.failure(&w, nodes...)
			if !t.Run(sc.name, func(t *testing.T) {
				row, err := w.watch(t.Context(), p, sc, a.expected)
				if err != nil {
					t.Fatal(err)
				}
				e.Rows = append(e.Rows, row)
				for _, v := range row.Violations() {
					t.Error(v)
				}
			}) {
				w.log("%s: %s", sc.name, s.describe(ctx, w.kube))
			}
		}
	}
	fmt.Printf("alarms\n%s", e.Markdown())
	if *evidenceDir != "" {
		if e.Charts, err = AlarmDigests(); err != nil {
			t.Fatal(err)
		}
		if err := e.Write(*evidenceDir); err != nil {
			t.Error(err)
		}
	}
}

// watch causes a failure until all expected alerts fire, ends it, and waits until all is silent. Without expected alerts, it watches until the change
// has ended, and for as long as an alert could still be about to fire.
func (r *runner) watch(ctx context.Context, p *prometheus, sc scenario, expected map[string]time.Duration) (row evidence.Alarm, err error) {
	row = evidence.Alarm{Scenario: sc.name, Expected: []evidence.Expected{}, Fired: []evidence.Fired{}}
	limit := time.Duration(0)
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		row.Expected = append(row.Expected, evidence.Expected{Alert: name, Limit: (expected[name] + visible + tolerance*time.Second).Seconds()})
		limit = max(limit, expected[name]+visible+2*tolerance*time.Second)
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	begin := time.Now()
	fired := make(chan []evidence.Fired, 1)
	go func() { fired <- p.record(watching, begin) }()
	if sc.prepare != nil {
		if err := sc.prepare(ctx); err != nil {
			return row, err
		}
	}
	err = sc.inject(ctx, func(time.Time) error {
		if len(expected) == 0 {
			return nil
		}
		return r.awaitAlerts(ctx, p, slices.Sorted(maps.Keys(expected)), begin.Add(limit))
	})
	if err != nil {
		return row, err
	}
	ended := time.Now()
	for _, s := range r.systems {
		if err := s.awaitRecovery(ctx, r.kube, patience); err != nil {
			return row, err
		}
	}
	if err := until(ctx, patience+resolved, func(ctx context.Context) (string, error) { return p.noisy(ctx) }); err != nil {
		return row, fmt.Errorf("%s: %w", sc.name, err)
	}
	row.Silent = time.Since(ended).Seconds()
	stop()
	row.Fired = <-fired
	return row, nil
}

// resolved is the longest window of an alert: ActionRetriesExhausted counts failures of ten minutes, and a rollout counts as one for fifteen.
const resolved = 15 * time.Minute

// awaitAlerts waits until alerts have fired, up to a time. It is no error if they have not: the result says so.
func (r *runner) awaitAlerts(ctx context.Context, p *prometheus, names []string, end time.Time) error {
	seen := map[string]bool{}
	for time.Now().Before(end) && len(seen) < len(names) {
		all, err := p.alerts(ctx)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.State == "firing" && slices.Contains(names, a.Labels["alertname"]) {
				seen[a.Labels["alertname"]] = true
			}
		}
		time.Sleep(time.Second)
	}
	return nil
}

// record returns the alerts that fire until the context ends, each with the seconds from the begin. It also counts during an outage of the API server,
// through which it asks: the alerts of that time still fire, or do not, after its end.
func (p *prometheus) record(ctx context.Context, begin time.Time) []evidence.Fired {
	fired, seen := []evidence.Fired{}, map[string]bool{}
	for ctx.Err() == nil {
		all, _ := p.alerts(ctx)
		for _, a := range all {
			if name := a.name(); a.State == "firing" && !seen[name] {
				seen[name] = true
				fired = append(fired, evidence.Fired{Alert: a.Labels["alertname"], About: strings.TrimPrefix(name, a.Labels["alertname"]+" "), Severity: a.Labels["severity"], After: time.Since(begin).Seconds()})
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return fired
}

// noisy names an alert that is pending or fires, or returns "".
func (p *prometheus) noisy(ctx context.Context) (string, error) {
	all, err := p.alerts(ctx)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].name() + " is " + all[0].State, nil
}
