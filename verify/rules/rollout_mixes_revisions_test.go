package rules

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
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

// TestMayExceed: too few pods for more than maxSkew in one domain never end unbalanced, and one more does somewhere.
func TestMayExceed(t *testing.T) {
	missed := map[int]bool{}
	for pods := 2; pods <= 4; pods++ {
		for skew := 1; skew <= 2; skew++ {
			for least := 1; least <= 4; least++ {
				may, ends := mayExceed(pods+1, &corev1.TopologySpreadConstraint{MaxSkew: int32(skew), MinDomains: ptr.To(int32(least))}), false
				for domains := 1; domains <= 4; domains++ {
					r := rollout{pods: pods, skew: skew, surge: 1, mixed: true, minDomains: least, seen: map[string]bool{}}
					r.fill(make([]int, domains), pods)
					ends = ends || r.skewed
				}
				if ends && !may {
					t.Errorf("%d pods, maxSkew %d, minDomains %d: a rollout can end unbalanced", pods, skew, least)
				}
				missed[pods] = missed[pods] || may && ends
			}
		}
	}
	if !missed[3] || !missed[4] {
		t.Errorf("no rollout ends unbalanced: %v", missed)
	}
}

// fill tries every first placement.
func (r *rollout) fill(before []int, left int) {
	if left == 0 {
		r.step(before, make([]int, len(before)))
		return
	}
	for i := range before {
		if r.allows(before, make([]int, len(before)), i) {
			r.fill(with(before, i, 1), left-1)
		}
	}
}

// rollout tries every order of events in the rollout of a Deployment. Before and after are the pods of the old and of the new
// revision in each domain.
type rollout struct {
	pods, skew, surge, unavailable int
	minDomains                     int
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
		r.skewed = r.skewed || slices.Max(after)-r.least(after) > r.skew
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
	return counted[domain]+1-r.least(counted) <= r.skew
}

// least is the fewest pods in a domain, 0 if there are fewer domains than minDomains.
func (r *rollout) least(counts []int) int {
	if len(counts) < r.minDomains {
		return 0
	}
	return slices.Min(counts)
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
