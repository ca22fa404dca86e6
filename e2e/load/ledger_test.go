package main

import (
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
)

func TestReport(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	events := &ledger{entries: []entry{
		{sent: at(-1), acked: at(-1), arrived: []time.Time{at(1)}}, // sent before the window: counts as an arrival only
		{sent: at(2), acked: at(3), arrived: []time.Time{at(4)}},
		{sent: at(3), acked: at(4), arrived: []time.Time{at(5), at(6)}},
		{sent: at(4), acked: at(5)},
		{sent: at(5), failed: true},
		{sent: at(6), failed: true, arrived: []time.Time{at(7)}}, // an event without an answer may have been stored
		{sent: at(7)},
		{sent: at(11), acked: at(11)}, // sent after the window: ends a gap, and is not counted as sent
		{sent: at(14), acked: at(14), arrived: []time.Time{at(14)}},
	}}
	want := report.Report{Sent: 6, Acked: 3, Failed: 2, Lost: 1, Duplicated: 1, AckGap: 6, ArrivalGap: 5, LastFailed: 6}
	if got := events.report(at(0), at(10), at(12)); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
