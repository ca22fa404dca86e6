package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// row is an interval on one or three servers, with the results of all rounds.
type row struct {
	c        cases.Case
	interval string
	costs    []cost
	losses   []loss
}

// last returns the results of the last round.
func (r *row) last() string {
	c, l := r.costs[len(r.costs)-1], r.losses[len(r.losses)-1]
	failed := ""
	if l.failed != nil {
		failed = fmt.Sprintf("; unreadable: %v; not recovered: %v", l.unreadable, l.failed)
	}
	return fmt.Sprintf("%-12s %-7s median %-9s 99 %% %-9s %6.0f/s  lost %d of %d, up to %s old%s", r.c.Name, r.interval, rounded(c.percentile(50)),
		rounded(c.percentile(99)), c.rate(), l.lost, l.acked, rounded(l.reach), failed)
}

// percentile returns a percentile of the times with one publisher.
func (c cost) percentile(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(c.alone))
	return sorted[(len(sorted)-1)*percent/100]
}

// rate returns the events per second with many publishers.
func (c cost) rate() float64 { return float64(c.together) / c.took.Seconds() }

func rounded(d time.Duration) time.Duration {
	if d > 100*time.Millisecond {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// print prints the medians of all rounds, with the lowest and the highest.
func print(rows []*row) {
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "CASE\tSYNC INTERVAL\tONE PUBLISHER, MEDIAN\t99 %%\t%d PUBLISHERS, EVENTS/S\tOF THE RATE OF 2m\tLOST OF ACKNOWLEDGED\tOLDEST LOST\tRECOVERED\n", publishers)
	for _, r := range rows {
		var medians, slowest []time.Duration
		var rates, ratios []float64
		for i, c := range r.costs {
			medians, slowest = append(medians, rounded(c.percentile(50))), append(slowest, rounded(c.percentile(99)))
			rates = append(rates, c.rate())
			for _, other := range rows {
				if other.c.Name == r.c.Name && other.interval == "2m" {
					ratios = append(ratios, c.rate()/other.costs[i].rate())
				}
			}
		}
		var lost []int
		acked, recovered := 0, 0
		var oldest []time.Duration
		for _, l := range r.losses {
			lost, acked, oldest = append(lost, l.lost), acked+l.acked, append(oldest, rounded(l.reach))
			if l.failed == nil {
				recovered++
			}
		}
		total := 0
		for _, n := range lost {
			total += n
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d of %d (%s)\t%s\t%d of %d\n", r.c.Name, r.interval, spread(medians, "%v"), spread(slowest, "%v"),
			spread(rates, "%.0f"), spread(ratios, "%.2f"), total, acked, spread(lost, "%d"), spread(oldest, "%v"), recovered, len(r.losses))
	}
	_ = t.Flush()
	fmt.Printf("Medians of %d rounds (lowest to highest), events of %d bytes, all servers on one machine; %s\n", len(rows[0].costs), size, time.Now().UTC().Format(time.DateOnly))
}

// spread returns the median of values, and the lowest and the highest.
func spread[T int | float64 | time.Duration](values []T, format string) string {
	sorted := slices.Sorted(slices.Values(values))
	return fmt.Sprintf(format+" ("+format+" to "+format+")", sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1])
}
