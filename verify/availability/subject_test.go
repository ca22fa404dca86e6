package availability

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// often are rates of frequent failures, so that a simulation has many of them.
func often() Rates {
	return Rates{Node: Failures{PerYear: 40}, Zone: Failures{PerYear: 10}, Drains: Drains{PerYear: 20}, Rollouts: 30}
}

// on returns spots with some pods each, in zones.
func on(zones string, pods ...int) []Spot {
	var all []Spot
	for i, n := range pods {
		zone := string(zones[i])
		if zone == "-" {
			zone = ""
		}
		all = append(all, Spot{Node: string(rune('a' + i)), Zone: zone, Pods: n})
	}
	return all
}

const day = 24 * time.Hour

// TestDown has cases that are calculated by hand.
func TestDown(t *testing.T) {
	none := Rates{}
	nodes := Rates{Node: Failures{PerYear: 73}}                               // missing for a day: 73/365 = 0.2, so u = 0.2/1.2 = 1/6
	both := Rates{Node: Failures{PerYear: 73}, Zone: Failures{PerYear: 36.5}} // zones: 0.1/1.1 = 1/11
	work := Rates{Drains: Drains{PerYear: 36.5}, Rollouts: 73}                // a day each: 0.1 and 0.2
	all := Rates{Node: Failures{PerYear: 73}, Drains: Drains{PerYear: 36.5}}  // 1/6, and 0.1
	const u, z = 1.0 / 6, 1.0 / 11
	alive := (1 - u) * (1 - z)
	for _, c := range []struct {
		name  string
		rates Rates
		s     Subject
		want  float64
	}{
		{"nothing fails", none, Subject{On: on("-", 1), Needs: 1, NodeAway: day}, 0},
		{"a pod", nodes, Subject{On: on("-", 1), Needs: 1, NodeAway: day}, u},
		{"a pod without a node", none, Subject{Needs: 1}, 1},
		{"two pods, one serves", nodes, Subject{On: on("--", 1, 1), Needs: 1, NodeAway: day}, u * u},
		{"two pods on one node", nodes, Subject{On: on("-", 2), Needs: 1, NodeAway: day}, u},
		{"two pods in one zone", both, Subject{On: on("aa", 1, 1), Needs: 1, NodeAway: day, ZoneAway: day}, z + (1-z)*u*u},
		{"a quorum in three zones", both, Subject{On: on("abc", 1, 1, 1), Needs: 2, NodeAway: day, ZoneAway: day}, math.Pow(1-alive, 3) + 3*alive*math.Pow(1-alive, 2)},
		{"a quorum with two in one zone", both, Subject{On: on("aab", 1, 1, 1), Needs: 2, NodeAway: day, ZoneAway: day},
			z + (1-z)*(u*u+2*u*(1-u)*(1-alive))},
		{"a quorum with two on one node", nodes, Subject{On: on("--", 2, 1), Needs: 2, NodeAway: day}, u},
		{"a drain stops one pod", work, Subject{On: on("-", 1), Needs: 1, DrainEvicts: 1, DrainAway: day}, 0.1},
		{"a drain and a rollout stop one pod", work, Subject{On: on("-", 1), Needs: 1, DrainEvicts: 1, DrainAway: day, RolloutStops: 1, RolloutAway: day}, 0.3},
		{"two pods are not missing at once", work, Subject{On: on("--", 1, 1), Needs: 1, DrainEvicts: 1, DrainAway: day, RolloutStops: 1, RolloutAway: day}, 0},
		{"a rollout stops both pods at once", work, Subject{On: on("--", 1, 1), Needs: 1, RolloutStops: 2, RolloutAway: day}, 0.2},
		{"a drain of two pods one by one takes twice as long", work, Subject{On: on("-", 2), Needs: 2, DrainEvicts: 1, DrainAway: day}, 0.2},
		{"a failure during a drain", all, Subject{On: on("--", 1, 1), Needs: 1, NodeAway: day, DrainEvicts: 1, DrainAway: day}, 0.2*u + 0.8*u*u},
		{"an election", Rates{Node: Failures{PerYear: 73}, Rollouts: 73}, Subject{On: on("-", 1), Needs: 1, Election: day}, 0.4},
	} {
		if got := c.s.Down(c.rates); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %.9f, want %.9f", c.name, got, c.want)
		}
	}
	// Small probabilities are not lost in rounding: three of five, each missing for a millionth of the time.
	rare := Subject{On: on("-----", 1, 1, 1, 1, 1), Needs: 3, NodeAway: Year / 1e6}
	if got, want := rare.Down(Rates{Node: Failures{PerYear: 1}}), 10e-18; math.Abs(got/want-1) > 1e-5 {
		t.Errorf("got %g, want %g", got, want)
	}
}

// TestDownAgainstSimulation compares Down with a simulation of random failures and planned work over years.
func TestDownAgainstSimulation(t *testing.T) {
	for seed, s := range []Subject{
		{On: on("abc", 1, 1, 1), Needs: 2, NodeAway: 2 * day, ZoneAway: day, DrainEvicts: 1, DrainAway: day / 4, RolloutStops: 1, RolloutAway: day / 8},
		{On: on("aabbc", 2, 1, 1, 1, 1), Needs: 4, NodeAway: day, ZoneAway: 2 * day, DrainEvicts: 1, DrainAway: day / 6, RolloutStops: 1, RolloutAway: day / 8},
		{On: on("--", 1, 1), Needs: 1, NodeAway: 3 * day, DrainEvicts: 1, DrainAway: day / 2},
	} {
		r := often()
		const years = 300
		mean, deviation := simulate(rand.New(rand.NewPCG(uint64(seed), 1)), r, s, years)
		if got := s.Down(r); math.Abs(got-mean) > 4*deviation || deviation > mean/20 {
			t.Errorf("%d: the model has %.5f, %d simulated years %.5f +- %.5f", seed, got, years, mean, deviation)
		}
	}
}

// simulate returns the share of the time with too few pods, and its standard deviation over the years. Planned work removes
// one pod at a time.
func simulate(random *rand.Rand, r Rates, s Subject, years int) (mean, deviation float64) {
	type event struct {
		at    float64 // in years
		apply func()
	}
	var events []event
	missing := make([]int, len(s.On)) // because of planned work
	out := make([]int, len(s.On))     // the number of current failures of a node
	fail := func(perYear float64, away time.Duration, nodes []int) {
		add := func(by int) func() {
			return func() {
				for _, i := range nodes {
					out[i] += by
				}
			}
		}
		for at := random.ExpFloat64() / perYear; at < float64(years); at += random.ExpFloat64() / perYear {
			events = append(events, event{at, add(1)})
			at += away.Seconds() / Year.Seconds()
			events = append(events, event{at, add(-1)})
		}
	}
	zones := map[string][]int{}
	for i, spot := range s.On {
		fail(r.Node.PerYear, s.NodeAway, []int{i})
		zones[spot.Zone] = append(zones[spot.Zone], i)
	}
	for _, name := range []string{"a", "b", "c"} {
		if len(zones[name]) > 0 {
			fail(r.Zone.PerYear, s.ZoneAway, zones[name])
		}
	}
	type piece struct {
		spot int
		away time.Duration
	}
	var pieces []piece
	for i, spot := range s.On {
		for range spot.Pods {
			for range int(r.Drains.PerYear) * s.DrainEvicts {
				pieces = append(pieces, piece{i, s.DrainAway})
			}
			for range int(r.Rollouts) * s.RolloutStops {
				pieces = append(pieces, piece{i, s.RolloutAway})
			}
		}
	}
	for y := range years {
		for k, p := range pieces {
			slot, length := 1/float64(len(pieces)), p.away.Seconds()/Year.Seconds()
			at := float64(y) + slot*float64(k) + random.Float64()*(slot-length)
			events = append(events, event{at, func() { missing[p.spot]++ }}, event{at + length, func() { missing[p.spot]-- }})
		}
		events = append(events, event{float64(y), func() {}})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	down := make([]float64, years)
	for k, e := range events {
		e.apply()
		if k+1 == len(events) || e.at >= float64(years) {
			break
		}
		pods := 0
		for i, spot := range s.On {
			if out[i] == 0 {
				pods += spot.Pods - missing[i]
			}
		}
		if pods < s.Needs {
			down[int(e.at)] += min(events[k+1].at, float64(years)) - e.at
		}
	}
	for _, d := range down {
		mean += d / float64(years)
	}
	for _, d := range down {
		deviation += (d - mean) * (d - mean)
	}
	return mean, math.Sqrt(deviation) / float64(years)
}

// anything returns a random workload and random rates.
func anything(random *rand.Rand) (Rates, Subject) {
	span := func() time.Duration { return time.Duration(random.Int64N(int64(day))) }
	r := Rates{
		Node: Failures{PerYear: random.Float64() * 50}, Zone: Failures{PerYear: random.Float64() * 50},
		Drains: Drains{PerYear: random.Float64() * 5}, Rollouts: random.Float64() * 5,
	}
	s := Subject{NodeAway: span(), ZoneAway: span(), DrainAway: span(), RolloutAway: span(), DrainEvicts: random.IntN(3), RolloutStops: random.IntN(3)}
	total := 0
	for i := range 1 + random.IntN(5) {
		n := 1 + random.IntN(2)
		total += n
		s.On = append(s.On, Spot{Node: string(rune('a' + i)), Zone: []string{"", "x", "y", "z"}[random.IntN(4)], Pods: n})
	}
	s.Needs = 1 + random.IntN(total)
	return r, s
}

// TestDownIsMonotone: fewer failures and shorter repairs never increase the downtime, nor does a further pod on its own node.
// A higher number of needed pods never decreases it.
func TestDownIsMonotone(t *testing.T) {
	for seed := range 3000 {
		random := rand.New(rand.NewPCG(uint64(seed), 2))
		r, s := anything(random)
		was := s.Down(r)
		if was < 0 || was > 1 || math.IsNaN(was) {
			t.Fatalf("seed %d: down for %v of the time", seed, was)
		}
		better := map[string]func(*Rates, *Subject){
			"nodes fail less":     func(r *Rates, _ *Subject) { r.Node.PerYear /= 2 },
			"zones fail less":     func(r *Rates, _ *Subject) { r.Zone.PerYear /= 2 },
			"fewer drains":        func(r *Rates, _ *Subject) { r.Drains.PerYear /= 2 },
			"fewer rollouts":      func(r *Rates, _ *Subject) { r.Rollouts /= 2 },
			"sooner back":         func(_ *Rates, s *Subject) { s.NodeAway /= 2; s.ZoneAway /= 2 },
			"shorter work":        func(_ *Rates, s *Subject) { s.DrainAway /= 2; s.RolloutAway /= 2 },
			"one fewer is needed": func(_ *Rates, s *Subject) { s.Needs-- },
			"a pod more": func(_ *Rates, s *Subject) {
				s.On = append(slices.Clone(s.On), Spot{Node: "new", Zone: "own", Pods: 1})
			},
		}
		for name, change := range better {
			rates, subject := r, s
			change(&rates, &subject)
			if now := subject.Down(rates); now > was+1e-12 {
				t.Errorf("seed %d: %s: %v became %v: %+v %+v", seed, name, was, now, r, s)
			}
		}
	}
}
