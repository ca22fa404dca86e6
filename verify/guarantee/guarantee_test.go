package guarantee_test

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/guarantee"
)

// TestHistory: the bounds are what really can come about, no more and no less, by the scheduler's own plugins, in every order
// in which pods can come and go on small clusters.
func TestHistory(t *testing.T) {
	for seed := range 40 {
		r := random(seed)
		c := smallCluster(r)
		n := 1 + r.IntN(4)
		s := read(t, deployment("a", n, r.IntN(2), template(r, "a")))
		g := guarantee.Of(c, s)[0]
		h := &history{t: t, cluster: c, of: g.Workload, one: n, both: n + g.Workload.Rollout.MaxSurge, zones: c.Zones()}
		for _, m := range []struct {
			name      string
			bound     func(*guarantee.Bounds) guarantee.Bound
			revisions int
			removals  bool
			troubles  []trouble
		}{
			{"placed", func(b *guarantee.Bounds) guarantee.Bound { return b.Placed }, 1, false, []trouble{{}}},
			{"rolled", func(b *guarantee.Bounds) guarantee.Bound { return b.Rolled }, 2, true, h.everyTrouble(false)},
			{"healed", func(b *guarantee.Bounds) guarantee.Bound { return b.Healed }, 2, true, h.everyTrouble(true)},
		} {
			if m.name == "healed" && h.both > 4 {
				continue // too many states
			}
			node, zone := h.worst(m.revisions, m.removals, m.troubles)
			check := func(what string, bound guarantee.Bound, most int) {
				if bound.Pods != most {
					t.Errorf("seed %d, %s: a %s can hold %d, the guarantee says %d (%s): %s", seed, m.name, what, most, bound.Pods, bound.Why, h)
				}
			}
			check("node", m.bound(g.Node), node)
			if g.Zone != nil {
				check("zone", m.bound(g.Zone), zone)
			}
		}
	}
}
