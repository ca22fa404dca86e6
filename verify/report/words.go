package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Summary is the report in a sentence.
func (r Report) Summary() string {
	on := fmt.Sprintf("%s on %s", count(len(r.Workloads), "workload"), count(len(r.Cluster.Nodes), "node"))
	if zones := len(r.Cluster.Zones); zones > 0 {
		on += fmt.Sprintf(" in %s", count(zones, "zone"))
	}
	switch fail := r.Failing; {
	case r.Requirement == "":
		return on
	case r.Kept && r.Excepted:
		return on + ": survives the loss of any " + r.Requirement + r.within(", but for what is ignored")
	case r.Kept:
		return on + ": survives the loss of any " + r.Requirement + r.within("")
	case fail == 1 && len(r.Workloads) > 1:
		return on + ": one does not survive all that is claimed"
	case fail > 0 && fail < len(r.Workloads):
		return fmt.Sprintf("%s: %d do not survive all that is claimed", on, fail)
	}
	return on + ": does not survive all that is claimed"
}

// From says where the pods are at rest, if some of them run already; "" if none does.
func (r Report) From() string {
	run := 0
	for _, p := range r.Pods {
		if p.Runs {
			run++
		}
	}
	switch {
	case run == 0:
		return ""
	case run == len(r.Pods):
		return "All pods are where they run."
	}
	return fmt.Sprintf("%d of %s are where they run; the others are placed.", run, count(len(r.Pods), "pod"))
}

// within adds to a sentence how long something may be away, if that is claimed, before its end.
func (r Report) within(end string) string {
	if r.WithinSeconds == 0 {
		return end
	}
	return ", all serve again within " + took(r.WithinSeconds) + end
}

// Promise is what is claimed, in a sentence; "" if nothing is.
func (r Report) Promise() string {
	stops := "nothing stops"
	if r.WithinSeconds > 0 {
		stops = "all serve again within " + took(r.WithinSeconds)
	}
	switch r.Requirement {
	case "node":
		return "Claimed: " + stops + " when any one node is lost or drained, or any workload rolls."
	case "zone":
		return "Claimed: " + stops + " when any one zone is lost, any one node is lost or drained, or any workload rolls."
	}
	return ""
}

// Beyond is said of what fails where the claim is kept; "" if it is not, or nothing fails.
func (r Report) Beyond() string {
	if r.Requirement == "" || !r.Kept || r.Excepted || !slices.ContainsFunc(r.Workloads, func(w Workload) bool { return len(w.Failures) > 0 }) {
		return ""
	}
	return "What still stops something is more than what is claimed:"
}

// what is a scenario in words, "when node-1 is drained".
func what(event, target string) string {
	first, second, _ := strings.Cut(target, ", ")
	switch event {
	case DrainNode:
		return "when " + target + " is drained"
	case Rollout:
		return "when " + target + " rolls"
	case ScaleUp:
		return "when " + target + " grows to its maximum"
	case LoseNodeInDrain:
		return fmt.Sprintf("when %s is lost while %s is drained", second, first)
	case LoseNodeInRollout:
		return fmt.Sprintf("when %s is lost while %s rolls", second, first)
	}
	if _, ok := FailedDomain(event); ok {
		return "when " + target + " is lost"
	}
	return "at rest"
}

// becomes is the effect of an event in words, "stops, and serves again after 5m40s".
func (e Effect) becomes(event string) string {
	switch {
	case e.Verdict == Serves && e.RecoverySeconds > 0:
		return "goes on after " + took(e.RecoverySeconds)
	case e.Verdict == Serves:
		return "goes on"
	case e.Verdict == Blocked && (event == SteadyState || event == ScaleUp):
		return "has pods that find no node"
	case e.Verdict == Blocked:
		return "does not come to an end"
	case e.Verdict == Stops:
		return "stops"
	case e.RecoverySeconds > 0:
		return "stops, and serves again after " + took(e.RecoverySeconds)
	}
	return "stops, and serves again"
}

// cell is the worst that an event does in a column, with a star where it might have been worse.
func (w Workload) cell(event string) string {
	if w.notGuaranteed(event) {
		return w.WorstOf(event).cell() + "*"
	}
	return w.WorstOf(event).cell()
}

func (w Workload) notGuaranteed(event string) bool {
	return slices.ContainsFunc(w.NotGuaranteed, func(n NotGuaranteed) bool { return n.Event == event })
}

// String says where the pods may be instead.
func (n NotGuaranteed) sentence(w Workload) string {
	when := map[string]string{"": "", "rolled": "once rolled or scaled, ", "healed": "once a failure is over, "}[n.After]
	where := map[string]string{"node": "on one node"}[n.Domain]
	return fmt.Sprintf("%s: %s%d of %s may be %s (%s)", w.Name, when, n.Bound.Pods, count(w.Pods, "pod"), cmp.Or(where, "in one "+n.Domain), n.Bound.Why)
}

// notGuaranteed are the workloads that survive a failure only by the current placement of their pods. What holds for a node is not
// repeated for the zone that it is in.
func (r Report) notGuaranteed() []string {
	var all []string
	for _, w := range r.Workloads {
		if len(w.NotGuaranteed) > 0 {
			all = append(all, w.NotGuaranteed[0].sentence(w))
		}
	}
	return all
}

// String is the breach in a sentence.
func (b Breach) String() string {
	text := fmt.Sprintf("%s %s %s: %d of %d pods run, it takes %d", b.Workload.Name, b.Worst.becomes(b.Worst.Event), what(b.Worst.Event, b.Worst.Target), b.Worst.Least, b.Worst.Pods, b.Worst.Needs)
	if b.Worst.Late {
		text += "; claimed: within " + took(b.Within)
	}
	if len(b.Worst.Pending) > 0 {
		text += "; " + b.Worst.Pending[0]
	}
	return text
}

// String is the finding in a line.
func (f Finding) String() string { return f.Rule + ": " + f.Object + ": " + f.Message }

// cell is an effect in a column: "serves", "down 5m40s", "stops".
func (w *Worst) cell() string {
	switch {
	case w.idle():
		return "-"
	case w.RecoverySeconds > 0 && w.Verdict == Recovers:
		return "down " + took(w.RecoverySeconds)
	case w.Verdict == Recovers:
		return "returns"
	case w.RecoverySeconds > 0 && w.Verdict == Serves:
		return "after " + took(w.RecoverySeconds)
	}
	return w.Verdict
}

// idle tells that there is nothing to say: nothing touches the workload, or nobody is served by it, as by a Job.
func (w *Worst) idle() bool { return w == nil || w.Needs == 0 && w.Verdict == Serves }

// took is a time for people: "0.5s", "40s", "5m40s".
func took(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond)
	if d >= 10*time.Second {
		d = d.Round(time.Second)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
