package sim

import "time"

// clock is the simulated time and the pods whose state ends by itself.
type clock struct {
	journal *journal
	// now is the time since the event began.
	now    time.Duration
	timers []*Pod
}

// set sets when the state of a pod ends; Never clears its timer.
func (c *clock) set(p *Pod, due time.Duration) {
	switch {
	case p.due == Never && due != Never:
		set(c.journal, &c.timers, append(c.timers, p))
	case p.due != Never && due == Never:
		set(c.journal, &c.timers, without(c.timers, p))
	}
	set(c.journal, &p.due, due)
}

// next returns when the next timer ends, Never without timers.
func (c *clock) next() time.Duration {
	next := Never
	for _, p := range c.timers {
		next = min(next, p.due)
	}
	return next
}

// advance sets the time and returns the pods whose timer ends then, in the order in which the timers were set.
func (c *clock) advance(to time.Duration) []*Pod {
	set(c.journal, &c.now, to)
	var due, later []*Pod
	for _, p := range c.timers {
		if p.due == to {
			due = append(due, p)
		} else {
			later = append(later, p)
		}
	}
	set(c.journal, &c.timers, later)
	for _, p := range due {
		set(c.journal, &p.due, Never)
	}
	return due
}
