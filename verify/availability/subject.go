package availability

import (
	"maps"
	"slices"
	"time"
)

// Subject is a workload as failures see it.
type Subject struct {
	// On is where its pods are.
	On []Spot
	// Needs is how many of them must run.
	Needs int
	// NodeAway, ZoneAway are how long its pods are gone when theirs fails: until it is repaired, or until others run
	// elsewhere.
	NodeAway, ZoneAway time.Duration
	// DrainTakes is how many pods an eviction takes at once from a node that is drained, DrainAway how long each is gone.
	DrainTakes int
	DrainAway  time.Duration
	// RollTakes is how many pods a rollout takes at once, RollAway how long each is gone.
	RollTakes int
	RollAway  time.Duration
	// Election is how long nobody works when the one that does is lost; 0 if any pod does.
	Election time.Duration
}

// Spot is a node with some of the pods. Nodes that are in no zone, "", are in one place that fails as zones do.
type Spot struct {
	Node, Zone string
	Pods       int
}

// Down is the share of the time in which the workload does not serve, 0 to 1.
//
// Each node and each zone fails and comes back by itself: with f failures a year of up-time and d of a year that the pods
// are gone each time, they are gone for u = f*d/(1+f*d) of the time. Nothing else matters of the times between, so this is
// exact however they are spread. What people do, they do one at a time: the time is divided into that of each piece of work,
// in which some pods more are missing, and the rest; pods that were made again elsewhere count as where they were. For each part, how likely it is that too few pods are there is summed
// over all states of all nodes and zones.
func (s Subject) Down(r Rates) float64 {
	node, zone := gone(r.Node.PerYear, s.NodeAway), gone(r.Zone.PerYear, s.ZoneAway)
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
		waves(counts, i, i+1, s.DrainTakes, func(left []int) { work(r.Drains.PerYear, s.DrainAway, left) })
	}
	waves(counts, 0, len(counts), s.RollTakes, func(left []int) { work(r.Rollouts, s.RollAway, left) })
	down += rest * s.short(counts, node, zone)
	if s.Election > 0 {
		changes := r.Node.PerYear + r.Zone.PerYear + r.Drains.PerYear + r.Rollouts
		down += changes * s.Election.Seconds() / Year.Seconds()
	}
	return min(down, 1)
}

// gone is the share of the time for which pods are gone by failures.
func gone(perYear float64, away time.Duration) float64 {
	down := perYear * away.Seconds() / Year.Seconds()
	return down / (1 + down)
}

// waves takes all pods of some spots away, so many at once, and tells which are left each time.
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

// short is how likely it is that fewer pods than needed are there, of those that are on each spot.
func (s Subject) short(pods []int, node, zone float64) float64 {
	zones := map[string][]float64{}
	for i, spot := range s.On {
		if zones[spot.Zone] == nil {
			zones[spot.Zone] = []float64{1}
		}
		zones[spot.Zone] = add(zones[spot.Zone], one(pods[i], node))
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

// one is how likely each number of pods is of a node that has them all, or none.
func one(pods int, gone float64) []float64 {
	p := make([]float64, pods+1)
	p[pods] = 1 - gone
	p[0] += gone
	return p
}

// add is how likely each number of pods is of two places together.
func add(a, b []float64) []float64 {
	sum := make([]float64, len(a)+len(b)-1)
	for i, p := range a {
		for j, q := range b {
			sum[i+j] += p * q
		}
	}
	return sum
}
