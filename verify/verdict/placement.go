package verdict

import (
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/survival"
)

// addNotGuaranteed marks the effects of a workload that hold with the current placement of its pods only.
func addNotGuaranteed(w *report.Workload, q Requirement, c cluster.Cluster, g guarantee.Guarantee) {
	domains := q.Domains
	if len(domains) == 0 {
		domains = c.FailureDomains()
	}
	for i := range w.Worst {
		now := &w.Worst[i]
		proof, recovery := proofOf(survival.Event(now.Event), c, g)
		if proof == nil || !keeps(q.Within.Seconds(), now.Effect) {
			continue
		}
		if g.Workload.Replication.Unknown {
			now.NotGuaranteed = &report.NotGuaranteed{Why: "its replication is unknown", Fix: "set it with --replication or an annotation"}
			continue
		}
		inTime := q.Within > 0 && proof.Replaced && recovery <= q.Within
		if proof.Completes && (proof.Serves || inTime) {
			continue
		}
		now.NotGuaranteed = &report.NotGuaranteed{After: proof.After, Why: proof.Why, Fix: proof.Fix}
		// One constraint is enough for a node and the larger domain that contains it.
		for _, d := range domains {
			larger := g.Failure(d)
			if d != cluster.Node && larger != nil && larger.Everywhere && !proof.Serves && (now.Event == report.LoseNode || now.Event == report.DrainNode) {
				now.NotGuaranteed.Fix = larger.Fix
				break
			}
		}
	}
}

// proofOf returns the proof for an event, nil for events that no requirement covers, and the longest time until replaced pods are
// ready in it.
func proofOf(event survival.Event, c cluster.Cluster, g guarantee.Guarantee) (*guarantee.Proof, time.Duration) {
	switch event {
	case survival.SteadyState:
		return &g.SteadyState, 0
	case survival.DrainNode:
		return &g.Drain, survival.LongestReplacement(g.Workload)
	case survival.Rollout:
		return &g.Rollout, survival.LongestReplacement(g.Workload)
	}
	for _, d := range c.FailureDomains() {
		if survival.LoseDomain(d) == event {
			return g.Failure(d), survival.LongestRecovery(c, d, g.Workload)
		}
	}
	return nil, 0
}
