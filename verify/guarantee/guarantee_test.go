package guarantee_test

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
)

// TestHistory: on small clusters, the bounds are exactly the maximum over every order in which the scheduler's own plugins can
// place pods and pods can be removed.
func TestHistory(t *testing.T) {
	for seed := range 40 {
		r := random(seed)
		c := smallCluster(r)
		n := 1 + r.IntN(4)
		s := read(t, deployment("a", n, r.IntN(2), template(r, "a")))
		g := guarantee.Of(c, s)[0]
		h := &search{t: t, cluster: c, workload: g.Workload, perRevision: n, allRevisions: n + g.Workload.Rollout.MaxSurge, zones: c.Zones()}
		for _, m := range []struct {
			name      string
			bound     func(*guarantee.Bounds) guarantee.Bound
			revisions int
			removals  bool
			faults    []fault
		}{
			{"placed", func(b *guarantee.Bounds) guarantee.Bound { return b.Placed }, 1, false, []fault{{}}},
			{"after rollouts", func(b *guarantee.Bounds) guarantee.Bound { return b.AfterRollouts }, 2, true, h.everyFault(false)},
			{"after failures", func(b *guarantee.Bounds) guarantee.Bound { return b.AfterFailures }, 2, true, h.everyFault(true)},
		} {
			if m.name == "after failures" && h.allRevisions > 4 {
				continue // too many states
			}
			node, zone := h.worst(m.revisions, m.removals, m.faults)
			check := func(domain string, bound guarantee.Bound, most int) {
				if bound.Pods != most {
					t.Errorf("seed %d, %s: a %s can hold %d pods, the guarantee is %d (%s): %s", seed, m.name, domain, most, bound.Pods, bound.Why, h)
				}
			}
			check("node", m.bound(g.For(cluster.Node)), node)
			if b := g.For(cluster.Zone); b != nil {
				check("zone", m.bound(b), zone)
			}
		}
	}
}
