package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// severity orders verdicts: 0 is the best.
func severity(verdict string) int {
	return slices.Index([]string{report.Serves, report.Recovers, report.Blocked, report.Stops}, verdict)
}

// effect returns the effect of a scenario on a workload.
func effect(s survival.Scenario, o survival.Outcome) report.Effect {
	e := report.Effect{Verdict: verdict(s, o), Pods: o.Pods, Least: o.Least, After: o.After, Needs: o.Needs, Running: o.Workload != nil && o.Workload.CountsRunning(), Pending: o.Pending}
	if o.Recovery > 0 {
		e.RecoverySeconds = float64(o.Recovery.Round(100*time.Millisecond)) / float64(time.Second)
	}
	if e.Verdict == report.Blocked {
		e.Blocked = s.Blocked
	}
	e.Cause = cause(s, o)
	return e
}

func verdict(s survival.Scenario, o survival.Outcome) string {
	switch {
	case !o.Serves() && (!o.Recovers() || o.Recovery < 0):
		return report.Stops
	case blocked(s, o):
		return report.Blocked
	case nodeByNode(s, o):
		return report.Serves
	case !o.Serves():
		return report.Recovers
	}
	return report.Serves
}

// nodeByNode reports whether the rollout of a per-node workload leaves at most one node without a pod at a time. This is the
// default of DaemonSets, and no worse than a node failure.
func nodeByNode(s survival.Scenario, o survival.Outcome) bool {
	return s.Event == survival.Rollout && o.Workload.Replication.Model == workload.PerNode && o.Least > 0 && o.Least >= o.Pods-1
}

// blocked reports whether the event does not complete because of this workload. Pods that are Pending after a failure do not
// count: they start when it ends.
func blocked(s survival.Scenario, o survival.Outcome) bool {
	switch s.Event {
	case survival.SteadyState, survival.ScaleUp:
		return len(o.Pending) > 0
	case survival.Rollout:
		return s.Blocked != "" && s.Target == o.Workload.String()
	case survival.DrainNode:
		return slices.Contains(s.Blockers, o.Workload)
	}
	return false
}

// affected reports whether the scenario had any effect on the workload.
func affected(o survival.Outcome) bool {
	return o.Least != o.Pods || o.After != o.Pods || o.Recovery != 0 || len(o.Pending) > 0
}

// keeps reports whether a requirement with a limit of within seconds, 0 for none, allows an effect. With a limit, it does not
// allow a recovery after an unknown time.
func keeps(within float64, e report.Effect) bool {
	if within == 0 {
		return e.Verdict == report.Serves
	}
	return (e.Verdict == report.Serves || e.Verdict == report.Recovers && e.RecoverySeconds > 0) && !late(within, e)
}

// late reports whether a workload serves again, but not within the limit.
func late(within float64, e report.Effect) bool {
	return within > 0 && (e.Verdict == report.Serves || e.Verdict == report.Recovers) && e.RecoverySeconds > within
}

// compare orders effects: by whether the requirement allows them, verdict, recovery time and ready pods.
func compare(within float64, a, b report.Effect) int {
	breaks := func(e report.Effect) int { return map[bool]int{false: 1}[keeps(within, e)] }
	return cmp.Or(cmp.Compare(breaks(a), breaks(b)), cmp.Compare(severity(a.Verdict), severity(b.Verdict)), cmp.Compare(a.RecoverySeconds, b.RecoverySeconds),
		cmp.Compare(b.Least, a.Least), cmp.Compare(b.After, a.After))
}
