package rules

import (
	"fmt"
	"slices"
	"testing"
)

// TestRolloutMixesRevisions: what the rule says of rollouts is so, by trying everything that can happen on a few pods and
// domains. With a surge, and old pods counted, a rollout can end with more skew than allowed; it cannot without a surge, and
// not where each revision is counted by itself.
func TestRolloutMixesRevisions(t *testing.T) {
	ends := func(surge, unavailable int, mixed bool) bool {
		for _, size := range [][3]int{{2, 2, 1}, {3, 2, 1}, {3, 3, 1}, {4, 3, 1}, {4, 2, 2}} {
			r := rollout{pods: size[0], skew: size[2], surge: surge, unavailable: unavailable, mixed: mixed, seen: map[string]bool{}}
			before := make([]int, size[1])
			for i := range r.pods {
				before[i%len(before)]++
			}
			r.step(before, make([]int, len(before)))
			if r.skewed {
				return true
			}
		}
		return false
	}
	if !ends(1, 0, true) {
		t.Error("a surge among old pods never ends uneven: the rule has no reason")
	}
	for _, unavailable := range []int{1, 2} {
		if ends(0, unavailable, true) {
			t.Errorf("with no surge and %d unavailable it ends uneven: the rule says nothing of it", unavailable)
		}
	}
	if ends(1, 0, false) {
		t.Error("it ends uneven where each revision is counted by itself: the rule's fix is none")
	}
}

// rollout is a Deployment of which every course of a rollout is tried. Before and after are how many pods of the old and the
// new revision are in each domain.
type rollout struct {
	pods, skew, surge, unavailable int
	mixed, skewed                  bool
	seen                           map[string]bool
}

func (r *rollout) step(before, after []int) {
	at := fmt.Sprint(before, after)
	if r.seen[at] {
		return
	}
	r.seen[at] = true
	old, renewed := sum(before), sum(after)
	if old == 0 && renewed == r.pods {
		r.skewed = r.skewed || slices.Max(after)-slices.Min(after) > r.skew
		return
	}
	if renewed < r.pods && old+renewed < r.pods+r.surge {
		for i := range after {
			if r.allows(before, after, i) {
				r.step(before, with(after, i, 1))
			}
		}
	}
	if old > 0 && old+renewed > r.pods-r.unavailable {
		for i := range before {
			if before[i] > 0 {
				r.step(with(before, i, -1), after)
			}
		}
	}
}

// allows is the test of plugin PodTopologySpread for one pod more in a domain.
func (r *rollout) allows(before, after []int, domain int) bool {
	counted := slices.Clone(after)
	if r.mixed {
		for i := range counted {
			counted[i] += before[i]
		}
	}
	return counted[domain]+1-slices.Min(counted) <= r.skew
}

func with(counts []int, i, more int) []int {
	counts = slices.Clone(counts)
	counts[i] += more
	return counts
}

func sum(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
