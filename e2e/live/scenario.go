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

// scenario is a failure, and its end. During it events are sent all the time.
type scenario struct {
	name string
	// fail makes the failure; it may take its time. lasts is how long it then goes on, and end ends it.
	fail  func(context.Context) error
	lasts time.Duration
	end   func(context.Context) error
	// nodes are those that fail. event is what verify calls it, "" if it is not asked; then it lasts longer if it takes that long
	// until all is replaced that can be.
	nodes []string
	event string
	// asked is what is asked of a system that survives it by its profile; if zone is set, by that of a zone.
	asked evidence.Asked
	zone  bool
}

// holds tells whether a system has to survive the scenario.
func (sc scenario) holds(s *System) bool {
	return s.Survives == "zone" || s.Survives != "" && !sc.zone
}

// broken lists what a system that has to survive did not. Nothing that was acknowledged is ever lost.
func broken(r evidence.Result) []string {
	all := r.Missed(slack)
	if r.Webhook.Acked == 0 || r.Bus.Acked == 0 {
		all = append(all, "no event was acknowledged")
	}
	if r.Webhook.Lost > 0 || r.Bus.Lost > 0 {
		all = append(all, fmt.Sprintf("%d events and %d messages that were acknowledged are lost", r.Webhook.Lost, r.Bus.Lost))
	}
	return all
}

// stage is where scenarios are played: a cluster with systems on it.
type stage struct {
	cluster Cluster
	kube    *kube
	systems []*System
	files   files
	// detection is how long it takes until the control plane knows that a node is silent.
	detection time.Duration
	close     func() error
	log       func(format string, args ...any)
}

// play runs a scenario and reports on every system, and on what was predicted of it. What was acknowledged has some time to arrive.
func (st *stage) play(ctx context.Context, sc scenario) ([]evidence.Result, []evidence.Prediction, error) {
	results := make([]evidence.Result, len(st.systems))
	from := make([]string, len(st.systems))
	for i, s := range st.systems {
		var err error
		if from[i], err = s.now(ctx, st.kube); err != nil {
			return nil, nil, err
		}
		results[i] = evidence.Result{Scenario: sc.name, System: s.Title}
		if sc.holds(s) {
			results[i].Asked = sc.asked
		}
		if len(sc.nodes) > 0 {
			if results[i].Hit, err = st.hit(ctx, s, sc.nodes); err != nil {
				return nil, nil, err
			}
		}
	}
	var foreseen []*predicted
	if sc.event != "" {
		var err error
		if foreseen, err = st.predict(ctx, sc); err != nil {
			return nil, nil, err
		}
	}
	if err := sc.happen(ctx, func(begin time.Time) error { return st.await(ctx, foreseen, begin) }); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", sc.name, err)
	}
	errs := make([]error, len(st.systems))
	ended := time.Now()
	each(st.systems, func(i int, s *System) {
		r := &results[i]
		limit := patience
		if s.Survives == "" {
			limit = time.Minute // whoever promises nothing does not hold up the others
		}
		if err := s.whole(ctx, st.kube, limit); err != nil && s.Survives != "" {
			errs[i] = fmt.Errorf("%s: %w", sc.name, err)
			return
		}
		r.Whole = time.Since(ended).Seconds()
		r.Reports, errs[i] = s.settle(ctx, st.kube, from[i], arrival)
	})
	for i, r := range results {
		st.log("%-34s %-28s %s", r.Scenario, r.System, line(r))
		if errs[i] != nil {
			return results, nil, errs[i]
		}
	}
	var predictions []evidence.Prediction
	for _, p := range foreseen {
		p.went(results[slices.Index(st.systems, p.system)])
		predictions = append(predictions, p.Prediction)
	}
	return results, predictions, nil
}

// happen makes the failure, and ends it whether or not it could be made: the next one must not suffer from it.
// Meanwhile is called while it lasts.
func (sc scenario) happen(ctx context.Context, meanwhile func(begin time.Time) error) (err error) {
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
		return meanwhile(begin)
	}
}

// arrival is how long what was acknowledged may take to arrive when everything is whole again: a delivery that nobody
// acknowledged is tried again after 30 s.
const arrival = 2 * time.Minute

// settle reports on everything sent from a time until now, when all of it that was acknowledged has arrived, or the time for that is up.
func (s *System) settle(ctx context.Context, k *kube, from string, limit time.Duration) (report.Reports, error) {
	to, err := s.now(ctx, k)
	if err != nil {
		return report.Reports{}, err
	}
	end := time.Now().Add(limit)
	for {
		r, err := s.report(ctx, k, from, to)
		if err != nil || r.Webhook.Lost+r.Bus.Lost == 0 || time.Now().After(end) {
			return r, err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// line is a result for a log.
func line(r evidence.Result) string {
	return fmt.Sprintf("webhook %d acked, %d failed (last %.0f s), %d lost, %d twice, gaps %.1f/%.1f s; bus %d acked, %d lost, gaps %.1f/%.1f s; whole %.0f s; %s",
		r.Webhook.Acked, r.Webhook.Failed, r.Webhook.LastFailed, r.Webhook.Lost, r.Webhook.Duplicated, r.Webhook.AckGap, r.Webhook.ArrivalGap,
		r.Bus.Acked, r.Bus.Lost, r.Bus.AckGap, r.Bus.ArrivalGap, r.Whole, r.Hit)
}

// hit lists what of a system is on nodes.
func (st *stage) hit(ctx context.Context, s *System, nodes []string) (string, error) {
	roles, err := s.roles(ctx, st.kube)
	if err != nil {
		return "", err
	}
	var all []string
	for _, node := range nodes {
		all = append(all, roles[node]...)
	}
	return strings.Join(all, ", "), nil
}

// each calls a function for all systems at once.
func each(systems []*System, do func(int, *System)) {
	var wg sync.WaitGroup
	for i, s := range systems {
		wg.Add(1)
		go func() { defer wg.Done(); do(i, s) }()
	}
	wg.Wait()
}
