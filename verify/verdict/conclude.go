package verdict

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/report"
)

// conclude sets Outcome, Kept and the fields for the writers. It is called after every change of the report.
func conclude(r *report.Report) {
	required := requiredEvents(*r)
	r.Outcome = outcome(*r)
	r.Kept = r.Outcome == "" || r.Outcome == report.Proven || r.Outcome == report.AsPlaced && r.AsPlaced
	r.Breaches = breaches(*r)
	r.Failing, r.OnlyPlaced = 0, 0
	r.Excepted = slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Rule == report.NotJudgedRule && f.Ignored != "" })
	for i := range r.Workloads {
		w := &r.Workloads[i]
		for j := range w.Worst {
			w.Worst[j].Late = late(r.WithinSeconds, w.Worst[j].Effect)
			w.Worst[j].Known = required[w.Worst[j].Event] && breaks(*r, w.Worst[j]) && known(*r, *w, w.Worst[j])
		}
		w.Failures = failures(*r, *w)
		counts := func(now report.Worst) bool { return now.Ignored == "" && required[now.Event] && breaks(*r, now) }
		fails := func(now report.Worst) bool { return counts(now) && !keeps(r.WithinSeconds, now.Effect) }
		switch {
		case slices.ContainsFunc(w.Worst, fails):
			r.Failing++
		case slices.ContainsFunc(w.Worst, counts):
			r.OnlyPlaced++
		}
		ignored := func(now report.Worst) bool { return now.Ignored != "" && required[now.Event] }
		r.Excepted = r.Excepted || slices.ContainsFunc(w.Worst, ignored)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Fingerprint = fingerprint(f.Rule, f.Object, f.Message)
	}
}

// requiredEvents are the events that the requirement covers.
func requiredEvents(r report.Report) map[string]bool {
	all := map[string]bool{}
	for _, s := range r.Scenarios {
		if s.Required {
			all[s.Event] = true
		}
	}
	return all
}

// breaks reports whether an effect is not allowed by the requirement if it covers the event, or is with the current placement only.
func breaks(r report.Report, now report.Worst) bool {
	return !keeps(r.WithinSeconds, now.Effect) || now.NotGuaranteed != nil && !r.AsPlaced
}

// met reports whether no scenario breaks the requirement, apart from ignored breaches.
func met(r report.Report) bool {
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
	required := requiredEvents(r)
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			if worst.Ignored != "" || !required[worst.Event] || !breaks(r, worst) {
				continue
			}
			if !known(r, w, worst) {
				all = append(all, newBreach(r, w, worst))
			}
		}
	}
	return all
}

// known reports whether the baseline has a breach.
func known(r report.Report, w report.Workload, worst report.Worst) bool {
	return r.Baseline != nil && slices.Contains(r.Baseline.Known, newBreach(r, w, worst).String())
}

func newBreach(r report.Report, w report.Workload, worst report.Worst) report.Breach {
	rule := report.RequirementRule(worst.Event)
	worst.Late = late(r.WithinSeconds, worst.Effect)
	asPlaced, verdict := keeps(r.WithinSeconds, worst.Effect), worst.Verdict
	if asPlaced {
		verdict = report.AsPlaced
	}
	return report.Breach{Workload: w, Worst: worst, Rule: rule, Within: r.WithinSeconds, AsPlaced: asPlaced, Fingerprint: fingerprint(rule, w.Name, verdict)}
}

// failures returns the events that interrupt a workload, with a time limit for longer than that. It omits events that are no worse
// than the steady state, unless they block for a reason of their own. It also omits two failures at a time that are no worse than
// one, or that meet a workload which is not as desired already.
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
			if bad <= one || steady > 0 {
				continue
			}
		default:
			switch {
			case bad > steady, bad == severity(report.Recovers) && steady == severity(report.Blocked):
				one = max(one, bad)
			case now.Verdict != report.Blocked || now.Blocked == "":
				continue
			}
		}
		if bad > 0 {
			all = append(all, now)
		}
	}
	return all
}

// unknownReplication reports whether nobody knows how many pods of a workload are needed.
func unknownReplication(w report.Workload) bool { return w.Replication == report.UnknownReplication }

// brokenByUnknown reports whether the requirement is broken only by workloads of unknown replication: all of their pods are needed
// by assumption.
func brokenByUnknown(r report.Report) bool {
	required, broken := requiredEvents(r), false
	for _, w := range r.Workloads {
		if slices.ContainsFunc(w.Worst, func(now report.Worst) bool {
			return now.Ignored == "" && required[now.Event] && !keeps(r.WithinSeconds, now.Effect)
		}) {
			if !unknownReplication(w) {
				return false
			}
			broken = true
		}
	}
	return broken
}

// outcome returns the outcome of the requirement; "" if nothing is required. A breach counts more than objects that are not
// judged: it is certain.
func outcome(r report.Report) string {
	required := requiredEvents(r)
	onlyAsPlaced := func(now report.Worst) bool {
		return required[now.Event] && now.NotGuaranteed != nil && now.Ignored == ""
	}
	switch {
	case r.Requirement == "":
		return ""
	case !met(r) && !brokenByUnknown(r):
		return report.NotMet
	case !slices.ContainsFunc(r.Workloads, func(w report.Workload) bool { return w.Pods > 0 }), slices.ContainsFunc(r.Findings, notJudged), slices.ContainsFunc(r.Workloads, unknownReplication):
		return report.NotJudged
	case slices.ContainsFunc(r.Workloads, func(w report.Workload) bool { return slices.ContainsFunc(w.Worst, onlyAsPlaced) }):
		return report.AsPlaced
	}
	return report.Proven
}

// notJudged reports whether a finding is an object that creates pods, is not judged and is not ignored.
func notJudged(f report.Finding) bool { return f.Rule == report.NotJudgedRule && f.Ignored == "" }
