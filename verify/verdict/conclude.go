package verdict

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/report"
)

// conclude sets Kept and the fields for the writers. It is called after every change of the report.
func conclude(r *report.Report) {
	r.Kept = kept(*r)
	r.Breaches = breaches(*r)
	r.Failing, r.Excepted = 0, false
	for i := range r.Workloads {
		w := &r.Workloads[i]
		for j := range w.Worst {
			w.Worst[j].Late = late(r.WithinSeconds, w.Worst[j].Effect)
		}
		w.Failures = failures(*r, *w)
		w.NotGuaranteed = notGuaranteed(*w)
		counts := func(now report.Worst) bool { return now.Ignored == "" && breaks(*r, now) }
		if slices.ContainsFunc(w.Worst, counts) {
			r.Failing++
		}
		ignored := func(now report.Worst) bool { return now.Ignored != "" && covers(r.Requirement, now.Event) }
		r.Excepted = r.Excepted || slices.ContainsFunc(w.Worst, ignored)
	}
	r.Outcome = outcome(*r)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Fingerprint = fingerprint(f.Rule, f.Object, f.Message)
	}
}

// breaks reports whether an effect breaks the requirement, even if that is ignored.
func breaks(r report.Report, now report.Worst) bool {
	return covers(r.Requirement, now.Event) && !keeps(r.WithinSeconds, now.Effect)
}

// kept reports whether no scenario breaks the requirement, apart from ignored breaches.
func kept(r report.Report) bool {
	ignored := map[string]bool{}
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			ignored[w.Name+" "+worst.Event] = worst.Ignored != ""
		}
	}
	for _, s := range r.Scenarios {
		if !s.Required {
			continue
		}
		broken := slices.DeleteFunc(slices.Clone(s.Outcomes), func(o report.Outcome) bool { return keeps(r.WithinSeconds, o.Effect) })
		counts := func(o report.Outcome) bool { return !ignored[o.Workload+" "+s.Event] }
		if s.Blocked != "" && len(broken) == 0 || slices.ContainsFunc(broken, counts) {
			return false
		}
	}
	return true
}

// breaches returns the breaches that are neither ignored nor in the baseline, in the order of the workloads. It reads only
// fields of the report's JSON.
func breaches(r report.Report) []report.Breach {
	var all []report.Breach
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			if worst.Ignored != "" || !breaks(r, worst) {
				continue
			}
			b := newBreach(r, w, worst)
			if r.Baseline == nil || !slices.Contains(r.Baseline.Known, b.String()) {
				all = append(all, b)
			}
		}
	}
	return all
}

func newBreach(r report.Report, w report.Workload, worst report.Worst) report.Breach {
	rule := report.RequirementRule(worst.Event)
	worst.Late = late(r.WithinSeconds, worst.Effect)
	return report.Breach{Workload: w, Worst: worst, Rule: rule, Within: r.WithinSeconds, Fingerprint: fingerprint(rule, w.Name, worst.Verdict)}
}

// failures returns the events that interrupt a workload, with a time limit for longer than that. It omits events that are no worse
// than the steady state, and two failures at a time that are no worse than one.
func failures(r report.Report, w report.Workload) []report.Worst {
	var all []report.Worst
	steady, one := 0, 0
	for _, now := range w.Worst {
		bad := severity(now.Verdict)
		switch {
		case keeps(r.WithinSeconds, now.Effect):
			bad = severity(report.Serves)
		case late(r.WithinSeconds, now.Effect):
			bad = severity(report.Recovers)
		}
		switch now.Event {
		case report.SteadyState:
			steady = bad
		case report.LoseNodeInDrain, report.LoseNodeInRollout:
			if bad <= one {
				continue
			}
		default:
			if bad <= steady {
				continue
			}
			one = max(one, bad)
		}
		if bad > 0 {
			all = append(all, now)
		}
	}
	return all
}

// notGuaranteed returns the failures of one domain that a workload survives only by the current placement of its pods.
func notGuaranteed(w report.Workload) []report.NotGuaranteed {
	bounds := []report.DomainBounds{{Domain: "node", Bounds: w.Guarantee.Node}}
	if w.Guarantee.Zone != nil {
		bounds = append(bounds, report.DomainBounds{Domain: "zone", Bounds: *w.Guarantee.Zone})
	}
	var all []report.NotGuaranteed
	for _, b := range append(bounds, w.Guarantee.Domains...) {
		event := "lose " + b.Domain
		worst := w.WorstOf(event)
		if worst == nil || worst.Verdict != report.Serves {
			continue
		}
		for _, now := range []report.NotGuaranteed{{After: "", Bound: b.Placed}, {After: "rolled", Bound: b.Rolled}, {After: "healed", Bound: b.Healed}} {
			if !now.Bound.Serves {
				now.Event, now.Domain = event, b.Domain
				all = append(all, now)
				break
			}
		}
	}
	return all
}

// outcome returns the outcome of the requirement; "" if nothing is required. A breach counts more than objects that are not
// judged: it is certain.
func outcome(r report.Report) string {
	switch {
	case r.Requirement == "":
		return ""
	case !r.Kept:
		return report.NotMet
	case len(r.Workloads) == 0 || len(r.Unsupported) > 0:
		return report.NotJudged
	case slices.ContainsFunc(r.Workloads, func(w report.Workload) bool {
		return slices.ContainsFunc(w.NotGuaranteed, func(n report.NotGuaranteed) bool { return covers(r.Requirement, n.Event) })
	}):
		return report.AsPlaced
	}
	return report.Proven
}
