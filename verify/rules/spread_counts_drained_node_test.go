package rules

import "testing"

// TestLeftByDrain: how many pods a drained node keeps, by hand.
func TestLeftByDrain(t *testing.T) {
	for _, c := range []struct{ pods, domains, maxSkew, budget, want int }{
		{6, 3, 1, 1, 1},  // 2, 2, 2: the second eviction has to wait for a place
		{3, 3, 1, 1, 0},  // 1, 1, 1: one pod is Pending, and the node is empty
		{6, 4, 1, 1, 0},  // 2, 2, 1, 1: both pods find a place beside single ones
		{7, 3, 1, 1, 1},  // 3, 2, 2
		{6, 3, 1, 2, 0},  // two may be Pending at once
		{12, 3, 2, 1, 2}, // 4, 4, 4: one more fits while the node has 3
		{6, 1, 1, 1, 0},
	} {
		if got := leftByDrain(c.pods, c.domains, c.maxSkew, c.budget); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}
