package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/verify/survival"
)

// Summary is the report in a sentence.
func (r Report) Summary() string {
	on := fmt.Sprintf("%s on %s", count(len(r.Workloads), "workload"), count(len(r.Cluster.Nodes), "node"))
	if zones := len(r.Cluster.Zones); zones > 0 {
		on += fmt.Sprintf(" in %s", count(zones, "zone"))
	}
	switch fail := r.failing(); {
	case r.Claim == "":
		return on
	case r.Kept && r.ignores():
		return on + ": survives the loss of any " + r.Claim + r.within(", but for what is ignored")
	case r.Kept:
		return on + ": survives the loss of any " + r.Claim + r.within("")
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

// failing is how many workloads break the claim.
func (r Report) failing() int {
	n := 0
	for _, w := range r.Workloads {
		if slices.ContainsFunc(w.Worst, func(now Worst) bool { return !r.keeps(now.Effect) && now.Ignored == "" && covers(r.Claim, now.Event) }) {
			n++
		}
	}
	return n
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
	switch r.Claim {
	case "node":
		return "Claimed: " + stops + " when any one node is lost or drained, or any workload rolls."
	case "zone":
		return "Claimed: " + stops + " when any one zone is lost, any one node is lost or drained, or any workload rolls."
	}
	return ""
}

// Beyond is said of what fails where the claim is kept; "" if it is not, or nothing fails.
func (r Report) Beyond() string {
	if r.Claim == "" || !r.Kept || r.ignores() || !slices.ContainsFunc(r.Workloads, func(w Workload) bool { return len(r.broken(w)) > 0 }) {
		return ""
	}
	return "What still stops something is more than what is claimed:"
}

// what is a scenario in words, "when node-1 is drained".
func what(event, target string) string {
	first, second, _ := strings.Cut(target, ", ")
	switch survival.Event(event) {
	case survival.LoseNode, survival.LoseZone:
		return "when " + target + " is lost"
	case survival.DrainNode:
		return "when " + target + " is drained"
	case survival.Rollout:
		return "when " + target + " rolls"
	case survival.ScaleUp:
		return "when " + target + " grows to its maximum"
	case survival.LoseNodeInDrain:
		return fmt.Sprintf("when %s is lost while %s is drained", second, first)
	case survival.LoseNodeInRollout:
		return fmt.Sprintf("when %s is lost while %s rolls", second, first)
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
	case e.Verdict == Stuck && (event == string(survival.SteadyState) || event == string(survival.ScaleUp)):
		return "has pods that find no node"
	case e.Verdict == Stuck:
		return "does not come to an end"
	case e.Verdict == Stops:
		return "stops"
	case e.RecoverySeconds > 0:
		return "stops, and serves again after " + took(e.RecoverySeconds)
	}
	return "stops, and serves again"
}

// cell is the worst that an event does in a column, with a star where it might have been worse.
func (w Workload) cell(event survival.Event) string {
	if w.luck(event) != "" {
		return w.worst(string(event)).cell() + "*"
	}
	return w.worst(string(event)).cell()
}

// cell is an effect in a column: "serves", "down 5m40s", "stops".
func (w *Worst) cell() string {
	switch {
	case w.idle():
		return "-"
	case w.RecoverySeconds > 0 && w.Verdict == Returns:
		return "down " + took(w.RecoverySeconds)
	case w.Verdict == Returns:
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
