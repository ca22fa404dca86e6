package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

// scenario is a failure and its end. The load generator sends events all the time.
type scenario struct {
	name string
	// prepare causes the state in which the failure happens. It may be nil.
	prepare func(context.Context) error
	// fail causes the failure and returns when it has begun; end ends it after lasts. Both may be nil.
	fail  func(context.Context) error
	lasts time.Duration
	end   func(context.Context) error
	// settled checks the systems after their recovery. It may be nil.
	settled func(context.Context) error
	// nodes are the failed nodes. event is the event in verify's report, kind the kind of a workload with a rollout; with them, the failure lasts
	// until everything replaceable is replaced. unpredicted is the reason why there is no prediction instead.
	nodes                    []string
	event, kind, unpredicted string
	// loses reports whether a system may lose acknowledged events, because of what it does not promise; nil: none may.
	loses func(*System) bool
	// limits apply to a system whose profile survives the scenario; zone is set if only a system that survives a zone does.
	limits evidence.Limits
	zone   bool
	// counted returns the time in seconds until a disruption budget counted a failed server of a system. It may be nil.
	counted func(*System) float64
	// gated is set if the limit of the sensor needs the gate of the admission policy.
	gated bool
}

// covers reports whether the profile of a system promises to survive the scenario.
func (sc scenario) covers(s *System) bool {
	return s.Survives == "zone" || s.Survives != "" && !sc.zone
}

// mayLose reports whether a system may lose acknowledged events.
func (sc scenario) mayLose(s *System) bool { return sc.loses != nil && sc.loses(s) }

// violations lists the broken promises of a system that must survive. Acknowledged events may only be lost by choice.
func violations(r evidence.Result, mayLose bool) []string {
	all := r.Exceeded(tolerance)
	if r.Webhook.Acked == 0 || r.Bus.Acked == 0 {
		all = append(all, "no event was acknowledged")
	}
	if !mayLose && (r.Webhook.Lost > 0 || r.Bus.Lost > 0) {
		all = append(all, fmt.Sprintf("%d acknowledged events and %d acknowledged messages were lost", r.Webhook.Lost, r.Bus.Lost))
	}
	return all
}

// run runs a scenario and returns a result for every system, and a prediction with its outcome for each system with a promise.
func (r *runner) run(ctx context.Context, sc scenario) ([]evidence.Result, []evidence.Prediction, error) {
	results, from, err := r.begin(ctx, sc)
	if err != nil {
		return nil, nil, err
	}
	if sc.prepare != nil {
		if err := sc.prepare(ctx); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", sc.name, err)
		}
	}
	var expected []*prediction
	if sc.event != "" {
		if expected, err = r.predict(ctx, sc); err != nil {
			return nil, nil, err
		}
	}
	var ended time.Time
	limit := replacement
	if sc.event == evidence.Rollout {
		limit = patience
	}
	if err := sc.inject(ctx, func(begin time.Time) error { ended = time.Now(); return r.observe(ctx, expected, begin, limit) }); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", sc.name, err)
	}
	errs := make([]error, len(r.systems))
	if sc.end != nil {
		ended = time.Now()
	}
	each(r.systems, func(i int, s *System) { errs[i] = s.recover(ctx, r.kube, ended, from[i], &results[i]) })
	for i, result := range results {
		if sc.counted != nil {
			results[i].Counted = sc.counted(r.systems[i])
		}
		r.log("%-34s %-28s %s", result.Scenario, result.System, line(result))
		if errs[i] != nil {
			return results, nil, fmt.Errorf("%s: %w", sc.name, errs[i])
		}
	}
	if sc.settled != nil {
		if err := sc.settled(ctx); err != nil {
			return results, nil, fmt.Errorf("%s: %w", sc.name, err)
		}
	}
	var predictions []evidence.Prediction
	for _, p := range expected {
		p.setInterruptions(results[slices.Index(r.systems, p.system)])
		predictions = append(predictions, p.Prediction)
	}
	return results, predictions, nil
}

// begin returns, for every system, a result with limits and roles, and the time from which it counts.
func (r *runner) begin(ctx context.Context, sc scenario) (results []evidence.Result, from []string, err error) {
	for _, s := range r.systems {
		now, err := s.now(ctx, r.kube)
		if err != nil {
			return nil, nil, err
		}
		result := evidence.Result{Scenario: sc.name, System: s.Title, ByChoice: s.Survives != "" && sc.mayLose(s)}
		if sc.covers(s) {
			result.Limits = sc.limits
			if sc.gated && !s.gated() {
				result.Limits.Sensor = 0
			}
		}
		if result.Hit, err = r.rolesOn(ctx, s, sc.nodes); err != nil {
			return nil, nil, err
		}
		results, from = append(results, result), append(from, now)
	}
	return results, from, nil
}

// inject causes the failure, calls during after it has lasted, and ends it. It ends the failure also after an error, which must not affect the
// next scenario.
func (sc scenario) inject(ctx context.Context, during func(begin time.Time) error) (err error) {
	if sc.end != nil {
		defer func() { err = errors.Join(err, sc.end(ctx)) }()
	}
	if sc.fail != nil {
		if err := sc.fail(ctx); err != nil {
			return err
		}
	}
	begin := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(sc.lasts):
		return during(begin)
	}
}

// recover waits until the system has recovered from a failure that ended at a time, and completes its result.
func (s *System) recover(ctx context.Context, k *kube, ended time.Time, from string, result *evidence.Result) (err error) {
	limit, wait := patience, arrival
	if s.Survives == "" {
		limit, wait = 45*time.Second, 0 // a system without a promise does not delay the others
	}
	if err := s.awaitRecovery(ctx, k, limit); err != nil && s.Survives != "" {
		return err
	}
	result.Recovered = time.Since(ended).Seconds()
	result.From = from
	if result.To, err = s.now(ctx, k); err != nil {
		return err
	}
	result.Reports, err = s.settle(ctx, k, from, result.To, wait)
	return err
}

// arrival is the limit for acknowledged events to arrive after the recovery: an unacknowledged delivery is repeated after 30 s. A system without a
// promise has until the end of the run.
const arrival = 2 * time.Minute

// settle reports on everything sent in a window of time. It returns when all acknowledged events have arrived, or after the limit.
func (s *System) settle(ctx context.Context, k *kube, from, to string, limit time.Duration) (report.Reports, error) {
	end := time.Now().Add(limit)
	for {
		r, err := s.report(ctx, k, from, to)
		if err != nil || r.Webhook.Lost+r.Bus.Lost == 0 || time.Now().After(end) {
			return r, err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// line formats a result for the log.
func line(r evidence.Result) string {
	return fmt.Sprintf("webhook %d acked, %d failed (last %.0f s), %d lost, %d duplicated, gaps %.1f/%.1f s; bus %d acked, %d lost, gaps %.1f/%.1f s; recovered after %.0f s; %s",
		r.Webhook.Acked, r.Webhook.Failed, r.Webhook.LastFailed, r.Webhook.Lost, r.Webhook.Duplicated, r.Webhook.AckGap, r.Webhook.ArrivalGap,
		r.Bus.Acked, r.Bus.Lost, r.Bus.AckGap, r.Bus.ArrivalGap, r.Recovered, r.Hit)
}

// rolesOn lists the roles of a system's pods on nodes.
func (r *runner) rolesOn(ctx context.Context, s *System, nodes []string) (string, error) {
	if len(nodes) == 0 {
		return "", nil
	}
	roles, err := s.roles(ctx, r.kube)
	if err != nil {
		return "", err
	}
	var all []string
	for _, node := range nodes {
		all = append(all, roles[node]...)
	}
	return strings.Join(all, ", "), nil
}

// each calls f for all systems concurrently.
func each(systems []*System, f func(int, *System)) {
	var wg sync.WaitGroup
	for i, s := range systems {
		wg.Go(func() { f(i, s) })
	}
	wg.Wait()
}
