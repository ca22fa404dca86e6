package report

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/survival"
)

func newGuarantee(g guarantee.Guarantee) Guarantee {
	bounds := func(b *guarantee.Bounds) *Bounds {
		if b == nil {
			return nil
		}
		return &Bounds{Bound(b.Placed), Bound(b.AfterRollouts), Bound(b.AfterFailures)}
	}
	return Guarantee{Node: *bounds(g.For(cluster.Node)), Zone: bounds(g.For(cluster.Zone))}
}

// luck says why a workload that survives the loss of each node or zone would not if the scheduler had put its pods elsewhere,
// as it may; "" if it survives wherever they are, or not even so.
func (w Workload) luck(event survival.Event) string {
	bounds, in := &w.Guarantee.Node, "on one node"
	if event == survival.LoseZone {
		bounds, in = w.Guarantee.Zone, "in one zone"
	}
	worst := w.worst(string(event))
	if event != survival.LoseNode && event != survival.LoseZone || worst == nil || worst.Verdict != Serves || bounds == nil {
		return ""
	}
	for _, now := range []struct {
		when string
		Bound
	}{{"", bounds.Placed}, {"once rolled or scaled, ", bounds.Rolled}, {"once a failure is over, ", bounds.Healed}} {
		if !now.Serves {
			return fmt.Sprintf("%s%d of %s may be %s (%s)", now.when, now.Pods, count(w.Pods, "pod"), in, now.Why)
		}
	}
	return ""
}

// lucky are the workloads that survive a loss by where their pods are, and why that may change. What is said of a node is not
// said again of the zone it is in.
func (r Report) lucky() []string {
	var all []string
	for _, w := range r.Workloads {
		for _, event := range []survival.Event{survival.LoseNode, survival.LoseZone} {
			if why := w.luck(event); why != "" {
				all = append(all, w.Name+": "+why)
				break
			}
		}
	}
	return all
}
