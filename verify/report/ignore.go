package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Rules are the names of all that can be ignored: the rules, and what a claim says of each event.
func Rules() []string {
	var all []string
	for _, r := range rules.All() {
		all = append(all, r.ID)
	}
	for _, p := range promises {
		all = append(all, claimRule(string(p.event)))
	}
	return all
}

// Ignore leaves out of account what by gives a reason for, of a rule and an object as findings name them; at is the line where
// the reason stands. What objects ignore themselves stays so.
func (r Report) Ignore(by func(rule, object string) (reason, at string)) Report {
	r.Findings, r.Workloads = slices.Clone(r.Findings), slices.Clone(r.Workloads)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Ignored == "" {
			f.Ignored, f.IgnoredAt = by(f.Rule, f.Object)
		}
	}
	for i := range r.Workloads {
		w := &r.Workloads[i]
		w.Worst = slices.Clone(w.Worst)
		for i := range w.Worst {
			if worst := &w.Worst[i]; worst.Ignored == "" && !r.keeps(worst.Effect) && promised(worst.Event) {
				worst.Ignored, worst.IgnoredAt = by(claimRule(worst.Event), w.Name)
			}
		}
	}
	r.Kept = r.kept()
	return r
}

// excuse shows how to say why the claim need not hold for a workload that has one pod and breaks it; "" if none does. Only
// people know whether it could have more.
func (r Report) excuse() string {
	for _, b := range r.breaches() {
		if b.workload.alone() != "" {
			return fmt.Sprintf("ignore: [{rule: claim-*, objects: %s, reason: ...}]", strings.Replace(b.workload.Name, " ", "/", 1))
		}
	}
	return ""
}

// annotated is what workloads say themselves of claims that need not hold for them.
func (r *Report) annotated(all []*workload.Workload) {
	for i, w := range all {
		for j := range r.Workloads[i].Worst {
			if worst := &r.Workloads[i].Worst[j]; !r.keeps(worst.Effect) {
				worst.Ignored = w.Object.Annotations[rules.Ignore+claimRule(worst.Event)]
			}
		}
	}
}

// kept tells whether no scenario breaks the claim, but where that is ignored.
func (r Report) kept() bool {
	ignored := map[string]bool{}
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			ignored[w.Name+" "+worst.Event] = worst.Ignored != ""
		}
	}
	for _, s := range r.Scenarios {
		if !s.Claimed {
			continue
		}
		suffers := slices.DeleteFunc(slices.Clone(s.Outcomes), func(o Outcome) bool { return r.keeps(o.Effect) })
		counts := func(o Outcome) bool { return !ignored[o.Workload+" "+s.Event] }
		if s.Stuck != "" && len(suffers) == 0 || slices.ContainsFunc(suffers, counts) {
			return false
		}
	}
	return true
}

// ignores tells whether somebody ignores what would break the claim.
func (r Report) ignores() bool {
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			if worst.Ignored != "" && covers(r.Claim, worst.Event) {
				return true
			}
		}
	}
	return false
}
