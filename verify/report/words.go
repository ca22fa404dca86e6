package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Summary returns the report in one sentence.
func (r Report) Summary() string {
	on := fmt.Sprintf("%s on %s", count(len(r.Workloads), "workload"), count(len(r.Cluster.Nodes), "node"))
	if zones := len(r.Cluster.Zones); zones > 0 {
		on += " in " + count(zones, "zone")
	}
	for _, d := range r.Cluster.Domains {
		on += " in " + count(len(d.Values), d.Name)
	}
	one := len(r.Workloads) == 1
	switch {
	case r.RulesOnly:
		return r.rulesOnly()
	case r.Requirement == "":
		return on + ": " + r.interruptions()
	case r.Outcome == NotJudged:
		return on + ": the requirement is not judged" + r.unjudged()
	case r.Outcome == Proven || r.Outcome == AsPlaced:
		verb := "all survive"
		if one {
			verb = "survives"
		}
		return fmt.Sprintf("%s: %s any %s failure%s", on, verb, r.domains(), r.limits())
	case one:
		return on + ": does not meet the requirement"
	case r.Failing == 0:
		return on + ": the requirement is not met"
	case r.Failing == len(r.Workloads):
		return on + ": none meets the requirement"
	case r.Failing == 1:
		return on + ": 1 does not meet the requirement"
	}
	return fmt.Sprintf("%s: %d do not meet the requirement", on, r.Failing)
}

// unjudged is why a requirement is not judged, as the end of a sentence.
func (r Report) unjudged() string {
	var objects, unknown []string
	for _, f := range r.Findings {
		if f.Rule == NotJudgedRule && f.Ignored == "" {
			objects = append(objects, f.Object)
		}
	}
	for _, w := range r.Workloads {
		if w.Replication == UnknownReplication {
			unknown = append(unknown, w.Name)
		}
	}
	switch {
	case len(objects) < 2 && !slices.ContainsFunc(r.Workloads, func(w Workload) bool { return w.Pods > 0 }):
		return ", because no pods are known"
	case len(objects) == 1:
		return fmt.Sprintf(", because the pods of %s are unknown", objects[0])
	case len(objects) > 1:
		return fmt.Sprintf(", because the pods of %s are unknown", count(len(objects), "object"))
	case len(unknown) == 1:
		return fmt.Sprintf(", because the replication of %s is unknown", unknown[0])
	case len(unknown) > 1:
		return fmt.Sprintf(", because the replication of %s is unknown", count(len(unknown), "workload"))
	}
	return ""
}

// domains is the requirement in words: "zone or rack".
func (r Report) domains() string { return strings.ReplaceAll(r.Requirement, ", ", " or ") }

// limits is what restricts a kept requirement, as the end of a sentence.
func (r Report) limits() string {
	var text string
	if r.Outcome == AsPlaced {
		text = " as placed, which the constraints do not guarantee"
	}
	if r.WithinSeconds > 0 {
		text += ", serving again within " + duration(r.WithinSeconds)
	}
	if r.Excepted {
		text += ", except where ignored"
	}
	return text
}

// requirement returns the requirement in one sentence; "" if nothing is required.
func (r Report) requirement() string {
	if r.Requirement == "" {
		return ""
	}
	text := "Required: no workload becomes unavailable when "
	if r.WithinSeconds > 0 {
		text = "Required: every workload serves again within " + duration(r.WithinSeconds) + " when "
	}
	for _, domain := range strings.Split(r.Requirement, ", ") {
		if domain != "node" {
			text += "any " + domain + " fails, "
		}
	}
	return text + "any node fails or is drained, or any workload is rolled out."
}

// origin returns the source of the steady state in a sentence; "" if the simulation placed all pods.
func (r Report) origin() string {
	running := 0
	for _, p := range r.Pods {
		if p.Runs {
			running++
		}
	}
	switch running {
	case 0:
		return ""
	case len(r.Pods):
		return "All pods are on the nodes where they run now."
	}
	return fmt.Sprintf("%d of %s are on the nodes where they run now; the simulation placed the others.", running, count(len(r.Pods), "pod"))
}

// beyond introduces interruptions that do not break the requirement; "" if it is broken, or there are none.
func (r Report) beyond() string {
	if r.Requirement == "" || !r.Kept || r.Excepted || !slices.ContainsFunc(r.Workloads, func(w Workload) bool { return len(w.Failures) > 0 }) {
		return ""
	}
	return "Failures beyond the requirement that interrupt a workload:"
}

// when is a scenario as a clause: "when node-1 is drained".
func when(event, target string) string {
	first, second, _ := strings.Cut(target, ", ")
	switch event {
	case SteadyState:
		return "in steady state"
	case DrainNode:
		return "when " + target + " is drained"
	case Rollout:
		return "when " + target + " is rolled out"
	case ScaleUp:
		return "when " + target + " is scaled up to its maximum"
	case LoseNodeInDrain:
		return fmt.Sprintf("when %s fails while %s is drained", second, first)
	case LoseNodeInRollout:
		return fmt.Sprintf("when %s fails while %s is rolled out", second, first)
	}
	return "when " + target + " fails"
}

// whenFor is the same, with "it" for the workload itself.
func (w Workload) whenFor(worst Worst) string {
	target := worst.Target
	if first, second, ok := strings.Cut(target, ", "); ok && first == w.Name {
		target = "it, " + second
	} else if target == w.Name {
		target = "it"
	}
	return when(worst.Event, target)
}

// effect is the effect of an event as a predicate: "is unavailable for 5m40s".
func (e Effect) effect(event string) string {
	switch {
	case e.Verdict == Serves && e.RecoverySeconds > 0:
		return "serves again after " + duration(e.RecoverySeconds)
	case e.Verdict == Serves:
		return "keeps serving"
	case e.Verdict == Blocked && event == DrainNode:
		return "blocks the drain"
	case e.Verdict == Blocked && event == Rollout:
		return "does not complete the rollout"
	case e.Verdict == Blocked && len(e.Pending) > 0 && !slices.ContainsFunc(e.Pending, func(reason string) bool { return !NotReady(reason) }):
		return "has pods that are not Ready"
	case e.Verdict == Blocked:
		return "has pods that stay Pending"
	case e.Verdict == Stops:
		return "becomes unavailable"
	case e.RecoverySeconds > 0:
		return "is unavailable for " + duration(e.RecoverySeconds)
	}
	return "becomes unavailable and recovers"
}

// counts are the pods behind a verdict.
func (e Effect) counts() string {
	return fmt.Sprintf("at worst %s; %d %s in the end", e.least(), e.After, e.counted())
}

// least are the fewest pods and those that it needs: "1 of 3 pods ready, 2 needed".
func (e Effect) least() string {
	return fmt.Sprintf("%d of %s %s, %d needed", e.Least, count(e.Pods, "pod"), e.counted(), e.Needs)
}

// counted is the state of the pods that count.
func (e Effect) counted() string {
	if e.Running {
		return "running"
	}
	return "ready"
}

// cell is the worst effect of an event in a column, with a star where the constraints do not guarantee it.
func (w Workload) cell(event string) string {
	if w.notGuaranteed(event) {
		return w.WorstOf(event).cell() + "*"
	}
	return w.WorstOf(event).cell()
}

// cell is an effect in a column: "serves", "down 5m40s", "blocked".
func (w *Worst) cell() string {
	switch {
	case w.idle():
		return "-"
	case w.RecoverySeconds > 0 && w.Verdict == Recovers:
		return "down " + duration(w.RecoverySeconds)
	case w.RecoverySeconds > 0 && w.Verdict == Serves:
		return "after " + duration(w.RecoverySeconds)
	}
	return label(w.Verdict)
}

// idle reports whether the cell is empty: the event does not affect the workload, or it needs no pods, like a Job.
func (w *Worst) idle() bool { return w == nil || w.Needs == 0 && w.Verdict == Serves }

// label is a verdict in one or two words.
func label(verdict string) string {
	return map[string]string{Serves: "serves", Recovers: "recovers", Blocked: "blocked", Stops: "stays down"}[verdict]
}

func (w Workload) notGuaranteed(event string) bool {
	worst := w.WorstOf(event)
	return worst != nil && worst.NotGuaranteed != nil
}

// notGuaranteed are the effects that hold with the current placement of the pods only: one sentence for the events of a workload with
// the same remedy.
func (r Report) notGuaranteed() []string {
	var all []string
	for _, w := range r.Workloads {
		var remedies []string
		events := map[string][]string{}
		for _, worst := range w.Worst {
			if n := worst.NotGuaranteed; n != nil && worst.Ignored == "" {
				if events[n.Fix] == nil {
					remedies = append(remedies, n.Fix)
				}
				events[n.Fix] = append(events[n.Fix], noun(worst.Event))
			}
		}
		for _, fix := range remedies {
			for _, worst := range w.Worst {
				if n := worst.NotGuaranteed; n != nil && n.Fix == fix && worst.Ignored == "" {
					all = append(all, fmt.Sprintf("%s, %s: %s", w.Name, strings.Join(events[fix], " and "), n))
					break
				}
			}
		}
	}
	return all
}

// noun is an event as a noun: "zone failure".
func noun(event string) string {
	switch event {
	case SteadyState:
		return "steady state"
	case DrainNode:
		return "drain"
	case Rollout:
		return "rollout"
	}
	domain, _ := FailedDomain(event)
	return domain + " failure"
}

// String returns the other placement and the remedy.
func (n *NotGuaranteed) String() string {
	text := map[string]string{"rolled": "after a rollout or scaling, ", "healed": "after an earlier failure, "}[n.After] + n.Why
	if n.Fix != "" {
		text += ". To guarantee it, " + n.Fix
	}
	return text
}

// onePod returns the end of a sentence about a workload with a single pod, which cannot meet any requirement; "" for others.
func (w Workload) onePod() string {
	if w.Pods == 1 && w.Needs == 1 && w.Replication != "per-node" {
		return "has one pod: no other pod takes over"
	}
	return ""
}

// exception returns the advice for the first workload with one pod that breaks the requirement, and the lines of a config that
// ignores its breaches; "" if there is none. Only people know whether the workload may have more pods.
func (r Report) exception() (advice string, config []string) {
	for _, b := range r.Breaches {
		if b.Workload.onePod() == "" {
			continue
		}
		config = []string{"ignore:"}
		for _, other := range r.Breaches {
			if other.Workload.Name == b.Workload.Name {
				config = append(config, fmt.Sprintf("  - {rule: %s, objects: %s, reason: ...}", RequirementRule(other.Worst.Event), strings.Replace(b.Workload.Name, " ", "/", 1)))
			}
		}
		switch b.Workload.Replication {
		case "quorum":
			advice = "Run 3 members. If there must be only one, ignore its breaches with a reason, in a file for --config:"
		case "single":
			advice = "A workload that never has two pods cannot meet this requirement. Ignore its breaches with a reason, in a file for --config:"
		default:
			advice = "Run a second replica. If there must never be two, ignore its breaches with a reason, in a file for --config:"
		}
		return advice, config
	}
	return "", nil
}

// ofTwo returns the advice for a quorum that does not survive the failure of one of two domains; "" for others.
func (r Report) ofTwo(w Workload, worst Worst) string {
	name, ok := FailedDomain(worst.Event)
	domains := map[string]int{"node": len(r.Cluster.Nodes), "zone": len(r.Cluster.Zones)}
	for _, d := range r.Cluster.Domains {
		domains[d.Name] = len(d.Values)
	}
	if !ok || domains[name] != 2 || w.Replication != "quorum" || w.Pods < 2 {
		return ""
	}
	return fmt.Sprintf("no number of members helps on two %ss: one of them always has half of the members or more. Use three %ss", name, name)
}

// String returns the breach in one sentence.
func (b Breach) String() string {
	e := b.Worst.Effect
	if b.AsPlaced {
		return fmt.Sprintf("%s meets the requirement %s with the current placement only: %s", b.Workload.Name, when(b.Worst.Event, b.Worst.Target), b.Worst.NotGuaranteed)
	}
	text := fmt.Sprintf("%s %s %s: at worst %s", b.Workload.Name, e.effect(b.Worst.Event), when(b.Worst.Event, b.Worst.Target), e.least())
	if b.Worst.Late {
		text += "; required: within " + duration(b.Within)
	}
	if e.Blocked != "" {
		text += "; " + e.Blocked
	} else if len(e.Pending) > 0 {
		text += "; " + e.Pending[0]
	}
	return text
}

// String returns the finding in one line.
func (f Finding) String() string { return f.Rule + ": " + f.Object + ": " + f.Message }

// duration is a time for people: "0.5s", "40s", "5m40s".
func duration(seconds float64) string {
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

// count is a number with its noun: "1 pod", "3 pods".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sentence is text with an upper-case first letter.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
