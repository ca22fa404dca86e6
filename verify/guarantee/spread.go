package guarantee

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// spread is a constraint DoNotSchedule: a pod may go into a domain only if the domain then has at most skew pods more than
// the least one of all domains that count.
type spread struct {
	skew, minDomains int
	// rooms are the most pods that each domain that counts has room for, in order: 0 where a taint keeps pods out of it.
	rooms []int
	// pods is the most that there are at once, of all that the constraint's selector counts.
	pods int
}

// most is how many pods a domain can hold whatever has happened, as long as no more than away domains were missing
// at once.
//
// Proof. When the last of the pods was put into the domain, it had M with that one, and every domain that counted had M-skew
// or more. There were no more pods than s.pods, so with d domains M + (d-1)*max(0, M-skew) <= pods: M is at most pods, and
// if that is more than the skew, skew + (pods-skew)/d. Since then its pods can only have become fewer. The least domain never
// has more pods than it has room for, and counts as empty if the domains are fewer than minDomains: M is at most skew more
// than that. Pods that are moved, or taken away on one side, change none of this: fewer pods elsewhere make the rule stricter.
//
// Domains that are missing make d smaller; in the worst case they are those with the least room. Fewer are not always worse:
// they may be fewer than minDomains.
func (s spread) most(away int) int {
	most := 0
	for gone := range away + 1 {
		d, least := max(len(s.rooms)-gone, 1), 0
		if gone < len(s.rooms) && d >= s.minDomains {
			least = s.rooms[gone]
		}
		most = max(most, min(s.pods, (s.pods+(d-1)*s.skew)/d, s.skew+least))
	}
	return most
}

// newSpread takes the rooms of the domains that count, whatever they are called.
func newSpread(c corev1.TopologySpreadConstraint, pods int, rooms map[int]int) spread {
	return spread{skew: int(c.MaxSkew), minDomains: int(ptr.Deref(c.MinDomains, 1)), pods: pods, rooms: slices.Sorted(maps.Values(rooms))}
}
