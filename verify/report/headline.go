package report

import (
	"fmt"
	"slices"
	"strings"
)

// ordered returns the workloads for people: the most severely affected first, equal ones as in the report.
func (r Report) ordered() []Workload {
	all := slices.Clone(r.Workloads)
	slices.SortStableFunc(all, func(a, b Workload) int { return b.severity() - a.severity() })
	return all
}

// severities are the verdicts, from the best to the worst.
var severities = []string{Serves, Recovers, Blocked, Stops}

// severity is the worst verdict of the failures that people act on, as an index of severities.
func (w Workload) severity() int {
	worst := 0
	for _, f := range w.Failures {
		if f.Event != LoseNodeInDrain && f.Event != LoseNodeInRollout {
			worst = max(worst, slices.Index(severities, f.Verdict))
		}
	}
	return worst
}

// interruptions is the end of a headline without a requirement: how many workloads a single event interrupts, and how.
func (r Report) interruptions() string {
	count := map[int]int{}
	for _, w := range r.Workloads {
		count[w.severity()]++
	}
	if len(r.Workloads) == 0 {
		return "nothing to judge"
	}
	var parts []string
	for _, kind := range []struct {
		verdict   string
		one, many string
	}{{Stops, "stays down", "stay down"}, {Blocked, "is blocked", "are blocked"}, {Recovers, "is down for a time", "are down for a time"}} {
		switch n := count[slices.Index(severities, kind.verdict)]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+kind.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.many))
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ") + " in one failure, drain or rollout"
	}
	text := "no single failure, drain or rollout interrupts a workload"
	if len(r.notGuaranteed()) > 0 {
		text += ", with the current placement"
	}
	return text
}

// rulesOnly is the headline of a report without a simulation.
func (r Report) rulesOnly() string {
	found := slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Ignored != "" })
	return fmt.Sprintf("%s: %s of the rules; no event was simulated", count(len(r.Workloads), "workload"), count(len(found), "finding"))
}

// colour is the colour of the headline: red for what makes the exit code 1 and for workloads that do not recover, yellow for what
// holds by the current placement only.
func (r Report) colour() string {
	worst := 0
	for _, w := range r.Workloads {
		worst = max(worst, w.severity())
	}
	switch {
	case r.Baseline != nil && r.Passed() && !r.Kept:
		return warning
	case !r.Kept || r.Outcome == NotMet || r.RulesOnly && !r.Passed() || r.Requirement == "" && worst > slices.Index(severities, Recovers):
		return bad
	case r.Outcome == AsPlaced || r.Outcome == NotJudged || r.Requirement == "" && (worst > 0 || len(r.Workloads) == 0 || len(r.Unsupported) > 0 || len(r.notGuaranteed()) > 0):
		return warning
	}
	return good
}
