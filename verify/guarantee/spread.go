package guarantee

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// spread is a topology spread constraint with DoNotSchedule.
type spread struct {
	maxSkew, minDomains int
	// capacities are the most pods that each counted topology domain can hold, sorted: 0 where a taint keeps pods off.
	capacities []int
	// pods is the most pods that the selector counts at once.
	pods int
}

// most returns how many pods one topology domain can hold, whatever the history, if at most lost domains were missing at once.
//
// Proof. When the last of its pods was placed, the domain had M pods with that one, and every counted domain had at least
// M-maxSkew. There were no more than s.pods, so with d domains M + (d-1)*max(0, M-maxSkew) <= pods: M is at most pods, and if
// that is more than maxSkew, maxSkew + (pods-maxSkew)/d. Since then the number of its pods can only have decreased. The domain
// with the fewest pods never has more than its capacity, and counts as empty if there are fewer domains than minDomains: M is at
// most maxSkew more than that. Moving or removing pods elsewhere only makes the constraint stricter.
//
// Missing domains make d smaller; the worst ones to miss are those with the least capacity. More missing domains are not always
// worse: then there may be fewer domains than minDomains.
func (s spread) most(lost int) int {
	most := 0
	for gone := range lost + 1 {
		d, fewest := max(len(s.capacities)-gone, 1), 0
		if gone < len(s.capacities) && d >= s.minDomains {
			fewest = s.capacities[gone]
		}
		most = max(most, min(s.pods, (s.pods+(d-1)*s.maxSkew)/d, s.maxSkew+fewest))
	}
	return most
}

// newSpread takes the capacities of the counted topology domains, under any key.
func newSpread(c corev1.TopologySpreadConstraint, pods int, capacities map[int]int) spread {
	return spread{maxSkew: int(c.MaxSkew), minDomains: int(ptr.Deref(c.MinDomains, 1)), pods: pods, capacities: slices.Sorted(maps.Values(capacities))}
}
