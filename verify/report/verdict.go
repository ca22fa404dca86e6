package report

import (
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Claims are what manifests can be held to: that no loss of a node, or of a node or zone, and no drain and no roll stops a
// workload.
var Claims = []string{"node", "zone"}

// Claim is what manifests are held to.
type Claim struct {
	// Survives is one of Claims; "" if nothing is claimed.
	Survives string
	// Within is how long a workload may be away for it. Without, none may stop, and a standby or an election takes the time it takes.
	Within time.Duration
}

// The verdicts, from the best to the worst.
const (
	Serves  = "serves"         // enough pods run at every moment
	Returns = "stops, returns" // it stops, and serves again while what was lost is still away
	Stuck   = "stuck"          // it serves, but something does not end: a drain, a roll, a pod that finds no node
	Stops   = "stops"          // until what was lost is back, or somebody helps
)

func severity(verdict string) int {
	return slices.Index([]string{Serves, Returns, Stuck, Stops}, verdict)
}

func verdict(s survival.Scenario, o survival.Outcome, stays bool) string {
	switch {
	case !o.Serves() && (!o.Recovers() || o.Recovery < 0):
		return Stops
	case stays || hangs(s, o):
		return Stuck
	case nodeAfterNode(s, o):
		return Serves
	case !o.Serves():
		return Returns
	}
	return Serves
}

// nodeAfterNode tells whether a workload whose pods serve their nodes rolls so that never more than one node is without: that
// is how DaemonSets roll unless they are told otherwise, and no more than what the loss of a node takes.
func nodeAfterNode(s survival.Scenario, o survival.Outcome) bool {
	return s.Event == survival.Rollout && o.Workload.Replication.Model == workload.PerNode && o.Least > 0 && o.Least >= o.Pods-1
}

// hangs tells whether it is this workload that does not come to an end. What a loss leaves waiting does not hang: it is
// away as long as what was lost.
func hangs(s survival.Scenario, o survival.Outcome) bool {
	switch s.Event {
	case survival.SteadyState, survival.ScaleUp:
		return len(o.Pending) > 0
	case survival.Rollout:
		return s.Blocked != "" && s.Target == o.Workload.String()
	case survival.DrainNode:
		return s.Blocked != "" && len(o.Pending) > 0
	}
	return false
}

// stays are the workloads with a pod that a drain does not get from its node. Those of DaemonSets may stay.
func stays(s survival.Scenario, rest []survival.Placement) map[*workload.Workload]bool {
	if s.Event != survival.DrainNode || s.Blocked == "" {
		return nil
	}
	all := map[*workload.Workload]bool{}
	for _, p := range rest {
		went := func(c survival.Change) bool { return c.Pod == p.Pod && c.Workload == p.Workload && c.From != "" }
		if p.Node == s.Target && p.Workload.Kind != workload.DaemonSet && !slices.ContainsFunc(s.Changes, went) {
			all[p.Workload] = true
		}
	}
	return all
}

// claimed are the events that a claim promises to survive, one at a time.
var claimed = map[string][]survival.Event{
	"node": {survival.SteadyState, survival.LoseNode, survival.DrainNode, survival.Rollout},
	"zone": {survival.SteadyState, survival.LoseNode, survival.LoseZone, survival.DrainNode, survival.Rollout},
}

func covers(claim, event string) bool { return slices.Contains(claimed[claim], survival.Event(event)) }

// keeps tells whether an effect is what the claim asks for. Of a time that is not known it is not.
func (r Report) keeps(e Effect) bool {
	if r.WithinSeconds == 0 {
		return e.Verdict == Serves
	}
	return (e.Verdict == Serves || e.Verdict == Returns && e.RecoverySeconds > 0) && !r.late(e)
}

// late tells whether a workload serves again, but not in the time that is claimed.
func (r Report) late(e Effect) bool {
	return r.WithinSeconds > 0 && (e.Verdict == Serves || e.Verdict == Returns) && e.RecoverySeconds > r.WithinSeconds
}
