package survival

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// seeds is the number of random systems.
const seeds = 150

// outcomesByTarget returns the outcomes of each event and target as text, equivalent targets included.
func outcomesByTarget(r Result) map[string]string {
	all := map[string]string{}
	for _, s := range r.Scenarios {
		var b strings.Builder
		fmt.Fprint(&b, s.Blocked == "")
		for _, o := range allOutcomes(r, s) {
			fmt.Fprint(&b, " ", o.Pods, o.Least, o.After, o.Needs, o.Recovery, len(o.Pending))
		}
		for _, target := range append([]string{s.Target}, s.Equivalent...) {
			all[fmt.Sprint(s.Event, " ", target)] = b.String()
		}
	}
	return all
}

// TestEquivalenceIsExact: the simulation of every target has the outcomes that equivalence predicts.
func TestEquivalenceIsExact(t *testing.T) {
	saved, compared := 0, 0
	for seed := range uint64(seeds) {
		c, s := simtest.Random(t, seed)
		some, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		every, err := SimulateWith(t.Context(), c, s, Options{everyTarget: true})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		saved += len(every.Scenarios) - len(some.Scenarios)
		got, want := outcomesByTarget(some), outcomesByTarget(every)
		for target := range got {
			compared++
			if got[target] != want[target] {
				t.Errorf("seed %d: %s:\n got %s\nwant %s", seed, target, got[target], want[target])
			}
		}
		for target := range want {
			if _, ok := got[target]; !ok && !strings.HasPrefix(target, string(LoseNodeInDrain)) {
				t.Errorf("seed %d: no outcomes of %s", seed, target)
			}
		}
	}
	if saved == 0 || compared == 0 {
		t.Errorf("%d scenarios saved, %d targets compared", saved, compared)
	}
}

// TestOrderOfInput: the order of nodes and objects does not change the result.
func TestOrderOfInput(t *testing.T) {
	for seed := range uint64(seeds / 3) {
		c, s := simtest.Random(t, seed)
		want, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		nodes := slices.Clone(c.Nodes)
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		objects := slices.Clone(s.Objects)
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		shuffled := c
		shuffled.Nodes = nodes
		got, err := Simulate(t.Context(), shuffled, verifytest.System(t, objects))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := resultText(want), resultText(got); a != b {
			t.Fatalf("seed %d:\n%s\n---\n%s", seed, a, b)
		}
	}
}

func resultText(r Result) string {
	var b strings.Builder
	for _, p := range r.SteadyState {
		fmt.Fprintln(&b, p.Workload, p.Pod, p.Node, p.Reason)
	}
	for _, s := range r.Scenarios {
		fmt.Fprintln(&b, s.Event, s.Target, s.Equivalent, s.Nodes, s.Blocked)
		for _, o := range allOutcomes(r, s) {
			fmt.Fprintln(&b, " ", o.Workload, o.Pods, o.Least, o.After, o.Needs, o.Recovery, o.Pending)
		}
		for _, c := range s.Changes {
			fmt.Fprintln(&b, " ", c.Workload, c.Pod, c.From, c.To, c.Reason)
		}
	}
	return b.String()
}

// TestInvariants: properties of every scenario of every system.
func TestInvariants(t *testing.T) {
	for seed := range uint64(seeds) {
		c, s := simtest.Random(t, seed)
		r, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range r.Scenarios {
			failure := sc.Event == LoseNode || sc.Event == LoseZone
			for _, o := range allOutcomes(r, sc) {
				if o.Least < 0 || o.After < 0 || o.Least > o.Pods && !failure || (o.Recovery < 0) == o.Recovers() {
					t.Errorf("seed %d: %s %s: %+v", seed, sc.Event, sc.Target, o)
				}
				if sc.Event == SteadyState && (o.Least != o.After || o.Recovery > 0) {
					t.Errorf("seed %d: steady state: %+v", seed, o)
				}
			}
			for _, ch := range sc.Changes {
				if slices.Contains(sc.Nodes, ch.To) && (failure || sc.Event == DrainNode) && ch.Workload.Kind != workload.DaemonSet {
					t.Errorf("seed %d: %s %s: pod %s is placed on %s", seed, sc.Event, sc.Target, ch.Pod, ch.To)
				}
			}
		}
	}
}
