package main

import (
	"slices"
	"sync"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

// ledger records for each numbered event when it was sent, whether and when it was acknowledged, and when it arrived.
type ledger struct {
	mu      sync.Mutex
	entries []entry
}

type entry struct {
	sent, acked time.Time
	failed      bool
	arrived     []time.Time
}

// send adds an entry for the next event and returns its number.
func (l *ledger) send() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entry{sent: time.Now()})
	return len(l.entries) - 1
}

func (l *ledger) ack(number int)  { l.update(number, func(e *entry) { e.acked = time.Now() }) }
func (l *ledger) fail(number int) { l.update(number, func(e *entry) { e.failed = true }) }
func (l *ledger) arrive(number int) {
	l.update(number, func(e *entry) { e.arrived = append(e.arrived, time.Now()) })
}

// update changes an entry. It ignores unknown numbers, which are from an earlier process.
func (l *ledger) update(number int, change func(*entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number >= 0 && number < len(l.entries) {
		change(&l.entries[number])
	}
}

// report counts the events sent in a window of time. Gaps are between acknowledgements or arrivals from its begin until now, also of events sent
// outside the window.
func (l *ledger) report(from, to, now time.Time) report.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	var r report.Report
	acks, arrivals := []time.Time{from, now}, []time.Time{from, now}
	since := func(t time.Time) bool { return !t.Before(from) && t.Before(now) }
	for _, e := range l.entries {
		if since(e.acked) {
			acks = append(acks, e.acked)
		}
		for _, t := range e.arrived {
			if since(t) {
				arrivals = append(arrivals, t)
			}
		}
		if !since(e.sent) || !e.sent.Before(to) {
			continue
		}
		r.Sent++
		switch {
		case e.failed:
			r.Failed++
			r.LastFailed = e.sent.Sub(from).Seconds()
		case !e.acked.IsZero():
			r.Acked++
			if len(e.arrived) == 0 {
				r.Lost++
			}
		}
		if len(e.arrived) > 1 {
			r.Duplicated++
		}
	}
	r.AckGap, r.ArrivalGap = longestGap(acks), longestGap(arrivals)
	return r
}

func longestGap(times []time.Time) float64 {
	slices.SortFunc(times, time.Time.Compare)
	var longest time.Duration
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i].Sub(times[i-1]))
	}
	return longest.Seconds()
}
