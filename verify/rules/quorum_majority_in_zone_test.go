package rules

import (
	"slices"
	"testing"
)

// TestMostInZone: the most pods in one zone are those of the worst distribution that the skew allows.
func TestMostInZone(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for zones := 2; zones <= 4; zones++ {
			for skew := 1; skew <= 3; skew++ {
				worst := 0
				distributions(n, zones, func(all []int) {
					if slices.Max(all)-slices.Min(all) <= skew {
						worst = max(worst, slices.Max(all))
					}
				})
				if got := mostInZone(n, zones, skew); got != worst {
					t.Errorf("%d pods in %d zones, skew %d: %d, want %d", n, zones, skew, got, worst)
				}
			}
		}
	}
}

// distributions calls f with each distribution of n pods over zones.
func distributions(n, zones int, f func([]int)) {
	if zones == 1 {
		f([]int{n})
		return
	}
	for first := range n + 1 {
		distributions(n-first, zones-1, func(rest []int) { f(append([]int{first}, rest...)) })
	}
}
