package survival

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// never is a moment that does not come.
const never = time.Duration(math.MaxInt64)

// run lets time pass until nothing moves any more, or until a moment, which is the last to be settled.
func (w *world) run(ctx context.Context, until time.Duration) error {
	for {
		if err := w.settle(ctx); err != nil {
			return err
		}
		w.look()
		next := never
		for _, p := range w.moving {
			next = min(next, p.due)
		}
		if next == never || next > until || w.now == until {
			return nil
		}
		set(w, &w.now, next)
		var due, later []*pod
		for _, p := range w.moving {
			if p.due == next {
				due = append(due, p)
			} else {
				later = append(later, p)
			}
		}
		set(w, &w.moving, later)
		for _, p := range due {
			set(w, &p.due, never)
			if err := w.pass(p); err != nil {
				return err
			}
		}
	}
}

// pass ends the state of a pod whose time has come.
func (w *world) pass(p *pod) error {
	switch p.state {
	case starting:
		due := never
		if p.of.minReady > 0 {
			due = w.now + p.of.minReady
		}
		w.become(p, ready, due)
	case ready:
		w.become(p, ready, never)
	case stopping:
		w.remove(p)
	case silent:
		return w.stop(p, "")
	}
	return nil
}

// settle lets everybody do what there is to do at this moment.
func (w *world) settle(ctx context.Context) error {
	for {
		acted, err := w.evict()
		if err != nil {
			return err
		}
		for i := 0; i < len(w.touched); i++ { // it may grow
			c := w.touched[i]
			did, err := c.reconcile(w, c)
			if err != nil {
				return err
			}
			acted = acted || did
		}
		placed, err := w.schedule(ctx)
		if err != nil {
			return err
		}
		if !acted && !placed {
			return nil
		}
	}
}

// schedule tries to place the pods that wait, those of the highest priority first, and otherwise the longest waiting. It
// tells whether any was placed, or others were stopped for one.
func (w *world) schedule(ctx context.Context) (placed bool, err error) {
	if len(w.waiting) == 0 {
		return false, nil
	}
	type kind struct {
		of       *controller
		revision int
		room     string
	}
	refused := map[kind]*scheduler.Unschedulable{}
	queue := slices.SortedStableFunc(slices.Values(w.waiting), func(a, b *pod) int { return int(b.of.priority) - int(a.of.priority) })
	for _, p := range queue {
		if p.tried == w.version {
			continue
		}
		// A pod like one that was just refused is refused as well.
		like := kind{p.of, p.revision, p.room()}
		if why := refused[like]; why != nil {
			w.refuse(p, &scheduler.Unschedulable{Pod: p.key(), Reasons: why.Reasons})
			continue
		}
		did, err := w.place(ctx, p)
		if err != nil {
			return placed, err
		}
		switch {
		case did:
			placed = true
			clear(refused)
		case p.of.alike:
			refused[like] = p.why
		}
	}
	return placed, nil
}

// place finds a node for a pod that waits, or makes room on one. If neither is possible, it waits on and knows why.
func (w *world) place(ctx context.Context, p *pod) (bool, error) {
	name, err := w.scheduler.Place(ctx, p.object, w.disks.on(p)...)
	var why *scheduler.Unschedulable
	if errors.As(err, &why) {
		w.refuse(p, why)
		return w.preempt(ctx, p)
	}
	if err != nil {
		return false, fmt.Errorf("placing pod %s: %w", p.key(), err)
	}
	return true, w.start(p, w.byName[name])
}

// refuse notes why a pod waits on, as things are.
func (w *world) refuse(p *pod, why *scheduler.Unschedulable) {
	set(w, &p.why, why)
	p.tried = w.version
}

// look notes what of each touched workload runs at this moment.
func (w *world) look() {
	for _, c := range w.touched {
		s := c.seen
		if c.ready < s.least {
			s.least, s.leastAt = c.ready, w.now
		}
		serves := c.ready >= c.needs()
		switch {
		case c.of.Replication.Model == workload.PerNode:
			// What a node misses no other node can give: each is without for a time of its own.
		case !serves && s.since == never:
			s.since = w.now
		case serves && s.since != never:
			s.outage = max(s.outage, w.now-s.since)
			s.since = never
		}
	}
}
