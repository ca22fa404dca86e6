package availability

import (
	"maps"
	"slices"
	"time"
)

// Subject is a workload in the terms of the model.
type Subject struct {
	// On is the placement of its pods.
	On []Spot
	// Needs is the number of pods that must run.
	Needs int
	// NodeAway and ZoneAway are the times for which pods are missing after a failure: until the repair, or until
	// replacements run elsewhere.
	NodeAway, ZoneAway time.Duration
	// DrainEvicts is the number of pods that a drain evicts at once, DrainAway the time for which each is missing.
	DrainEvicts int
	DrainAway   time.Duration
	// RolloutStops is the number of pods that a rollout stops at once, RolloutAway the time for which each is missing.
	RolloutStops int
	RolloutAway  time.Duration
	// Election is the time from the loss of the leader to the next one; 0 without a leader.
	Election time.Duration
}

// Spot is a node with some of the pods. Nodes without a zone count as nodes of one zone, "".
type Spot struct {
	Node, Zone string
	Pods       int
}

// Down returns the share of the time in which the workload does not serve, 0 to 1.
//
// Nodes and zones fail independently. With f failures per year of uptime, and pods missing for d years after each, the pods are
// missing for u = f*d/(1+f*d) of the time, whatever the distribution of the times between failures. Planned work happens one
// piece at a time: the year is divided into the time of each piece, with more pods missing, and the rest. Replaced pods count at
// their old place. For each part, the probability of too few pods is summed over all states of all nodes and zones.
func (s Subject) Down(r Rates) float64 {
	node, zone := missing(r.Node.PerYear, s.NodeAway), missing(r.Zone.PerYear, s.ZoneAway)
	counts := make([]int, len(s.On))
	for i, spot := range s.On {
		counts[i] = spot.Pods
	}
	rest, down := 1.0, 0.0
	work := func(perYear float64, away time.Duration, left []int) {
		share := min(perYear*away.Seconds()/Year.Seconds(), rest)
		rest -= share
		down += share * s.short(left, node, zone)
	}
	for i := range s.On {
		waves(counts, i, i+1, s.DrainEvicts, func(left []int) { work(r.Drains.PerYear, s.DrainAway, left) })
	}
	waves(counts, 0, len(counts), s.RolloutStops, func(left []int) { work(r.Rollouts, s.RolloutAway, left) })
	down += rest * s.short(counts, node, zone)
	if s.Election > 0 {
		changes := r.Node.PerYear + r.Zone.PerYear + r.Drains.PerYear + r.Rollouts
		down += changes * s.Election.Seconds() / Year.Seconds()
	}
	return min(down, 1)
}

// missing returns the share of the time in which pods are missing because of failures.
func missing(perYear float64, away time.Duration) float64 {
	down := perYear * away.Seconds() / Year.Seconds()
	return down / (1 + down)
}

// waves stops all pods of some spots, take at a time, and calls then with the remaining pods on each spot.
func waves(counts []int, from, to, take int, then func(left []int)) {
	if take < 1 {
		return
	}
	remain := slices.Clone(counts)
	for at := from; at < to; {
		left := slices.Clone(counts)
		for missing := take; missing > 0 && at < to; {
			n := min(missing, remain[at])
			left[at] -= n
			remain[at] -= n
			missing -= n
			if remain[at] == 0 {
				at++
			}
		}
		then(left)
	}
}

// short returns the probability that fewer pods than needed are left, given the pods on each spot.
func (s Subject) short(pods []int, node, zone float64) float64 {
	zones := map[string][]float64{}
	for i, spot := range s.On {
		if zones[spot.Zone] == nil {
			zones[spot.Zone] = []float64{1}
		}
		zones[spot.Zone] = add(zones[spot.Zone], onNode(pods[i], node))
	}
	all := []float64{1}
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		in := zones[name]
		for n := range in {
			in[n] *= 1 - zone
		}
		in[0] += zone
		all = add(all, in)
	}
	short := 0.0
	for n := range min(s.Needs, len(all)) {
		short += all[n]
	}
	return short
}

// onNode returns the probability of each number of pods on a node: all of them or none.
func onNode(pods int, missing float64) []float64 {
	p := make([]float64, pods+1)
	p[pods] = 1 - missing
	p[0] += missing
	return p
}

// add returns the probability of each number of pods in two places together.
func add(a, b []float64) []float64 {
	sum := make([]float64, len(a)+len(b)-1)
	for i, p := range a {
		for j, q := range b {
			sum[i+j] += p * q
		}
	}
	return sum
}
