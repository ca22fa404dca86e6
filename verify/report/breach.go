package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/survival"
)

// breach is a workload that does not keep the claim in an event.
type breach struct {
	workload Workload
	worst    Worst
	// within is the time in which it would have to serve again, in seconds, if that alone is wrong.
	within float64
}

func (r Report) breach(w Workload, worst Worst) breach {
	b := breach{workload: w, worst: worst}
	if r.late(worst.Effect) {
		b.within = r.WithinSeconds
	}
	return b
}

// promises are what a claim says of each event that is claimed.
var promises = []struct {
	event survival.Event
	says  string
}{
	{survival.SteadyState, "Every pod finds a node."},
	{survival.LoseNode, "The workload serves on when any node is lost."},
	{survival.LoseZone, "The workload serves on when any zone is lost."},
	{survival.DrainNode, "The workload serves on when any node is drained, and the drain comes to its end."},
	{survival.Rollout, "The workload serves on when it rolls, and the roll comes to its end."},
}

// promised tells whether any claim is about an event.
func promised(event string) bool {
	for _, p := range promises {
		if string(p.event) == event {
			return true
		}
	}
	return false
}

// breaches are all that nobody ignores and no baseline knows, in the order of the workloads.
func (r Report) breaches() []breach {
	var all []breach
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			b := r.breach(w, worst)
			if covers(r.Claim, worst.Event) && !r.keeps(worst.Effect) && worst.Ignored == "" && !r.knows(b) {
				all = append(all, b)
			}
		}
	}
	return all
}

func (r Report) knows(b breach) bool {
	return r.Baseline != nil && slices.Contains(r.Baseline.Known, b.String())
}

// rule is its name for programs, beside those of the rules: "claim-lose-node".
func (b breach) rule() string { return claimRule(b.worst.Event) }

func claimRule(event string) string { return "claim-" + strings.ReplaceAll(event, " ", "-") }

// String says what happens to the workload.
func (b breach) String() string {
	text := fmt.Sprintf("%s %s %s: %d of %d pods run, it takes %d", b.workload.Name, b.worst.becomes(b.worst.Event), what(b.worst.Event, b.worst.Target), b.worst.Least, b.worst.Pods, b.worst.Needs)
	if b.within > 0 {
		text += "; claimed: within " + took(b.within)
	}
	if len(b.worst.Waiting) > 0 {
		text += "; " + b.worst.Waiting[0]
	}
	return text
}
