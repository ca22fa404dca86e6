package rules

import (
	"fmt"
	"slices"
	"testing"
)

// TestRolloutMixesRevisions tries every order of events for a few pods and domains. With a surge, and with old pods counted, a
// rollout can end with more skew than allowed. It cannot without a surge, and not if each revision is counted separately.
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
		t.Error("a rollout with surge among old pods always ends balanced: the rule reports no fault")
	}
	for _, unavailable := range []int{1, 2} {
		if ends(0, unavailable, true) {
			t.Errorf("a rollout without surge and with maxUnavailable %d can end unbalanced: the rule misses it", unavailable)
		}
	}
	if ends(1, 0, false) {
		t.Error("a rollout can end unbalanced although each revision is counted separately: the fix of the rule is wrong")
	}
}

// rollout tries every order of events in the rollout of a Deployment. Before and after are the pods of the old and of the new
// revision in each domain.
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
	old, renewed := total(before), total(after)
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

// allows is the check of the plugin PodTopologySpread for one more pod in a domain.
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

func total(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
