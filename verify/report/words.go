package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Summary returns the report in one sentence.
func (r Report) Summary() string {
	if r.Baseline == nil || !r.Passed() {
		return r.headline()
	}
	nothing := fmt.Sprintf("nothing new since the baseline, %d known", len(r.Baseline.Known))
	if r.Kept {
		return r.headline() + "; " + nothing
	}
	return r.size() + ": " + nothing
}

// size is the number of workloads and the size of the cluster.
func (r Report) size() string {
	on := fmt.Sprintf("%s on %s", count(len(r.Workloads), "workload"), count(len(r.Cluster.Nodes), "node"))
	if zones := len(r.Cluster.Zones); zones > 0 {
		on += " in " + count(zones, "zone")
	}
	for _, d := range r.Cluster.Domains {
		on += " in " + count(len(d.Values), d.Name)
	}
	return on
}

// headline is the report in one sentence, without its baseline.
func (r Report) headline() string {
	on, one := r.size(), len(r.Workloads) == 1
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
	}
	text := fmt.Sprintf("%s: %d do not meet the requirement", on, r.Failing)
	if r.Failing == 1 {
		text = on + ": 1 does not meet the requirement"
	}
	if r.OnlyPlaced > 0 {
		text += fmt.Sprintf(", %d only as placed", r.OnlyPlaced)
	}
	return text
}

// unjudged is why a requirement is not judged, as the end of a sentence.
func (r Report) unjudged() string {
	var objects, unknown, without []string
	for _, f := range r.Findings {
		if f.Rule == NotJudgedRule && f.Ignored == "" {
			objects = append(objects, f.Object)
		}
	}
	for _, w := range r.Workloads {
		if w.Replication == UnknownReplication {
			unknown = append(unknown, w.Name)
		}
		if w.Pods == 0 && w.Replication == PerNode {
			without = append(without, w.Name)
		}
	}
	switch {
	case len(objects) == 0 && len(without) == 1 && len(without) == len(r.Workloads):
		return ", because no node accepts a pod of " + without[0]
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
		text = " as placed"
	}
	if r.WithinSeconds > 0 {
		text += ", serving again within " + duration(r.WithinSeconds)
	}
	if r.Excepted {
		text += ", except where ignored"
	}
	if r.Outcome == AsPlaced {
		text += "; the constraints do not guarantee it"
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

// origin returns the source of the nodes and of the steady state in sentences; "" if the simulation placed all pods on other nodes
// than those of the manifests.
func (r Report) origin() string {
	running := 0
	for _, p := range r.Pods {
		if p.Runs {
			running++
		}
	}
	nodes := ""
	if r.Cluster.InManifests {
		nodes = "The nodes are those of the manifests. "
	}
	switch running {
	case 0:
		return strings.TrimSpace(nodes)
	case len(r.Pods):
		return nodes + "All pods are on the nodes where they run now."
	}
	return nodes + fmt.Sprintf("%d of %s are on the nodes where they run now; the simulation placed the others.", running, count(len(r.Pods), "pod"))
}

// beyond introduces the interruptions that do not break the requirement.
const beyond = "Failures beyond the requirement that interrupt a workload:"

// interrupted returns the workloads for people, each with those of its failures that the requirement covers, and those with the
// others, which are all without a requirement.
func (r Report) interrupted() (required, others []Workload) {
	covered := map[string]bool{}
	for _, s := range r.Scenarios {
		covered[s.Event] = covered[s.Event] || s.Required
	}
	for _, w := range r.ordered() {
		part := w
		if part.Failures = slices.DeleteFunc(slices.Clone(w.Failures), func(f Worst) bool { return !covered[f.Event] }); len(part.Failures) > 0 {
			required = append(required, part)
		}
		other := w
		if other.Failures = slices.DeleteFunc(slices.Clone(w.Failures), func(f Worst) bool { return covered[f.Event] }); len(other.Failures) > 0 {
			others = append(others, other)
		}
	}
	return required, others
}

// reasons are why an event interrupts a workload, without what is the same in the steady state.
func (r Report) reasons(w Workload, worst Worst) []string {
	all := slices.DeleteFunc([]string{worst.Cause, worst.Blocked}, func(reason string) bool { return reason == "" })
	for _, reason := range worst.Pending {
		same := worst.Event != SteadyState && slices.Contains(w.Pending, reason)
		if !same && !strings.Contains(worst.Blocked, reason) {
			reason, _, _ = strings.Cut(reason, command)
			all = append(all, reason)
		}
	}
	if advice := r.ofTwo(w, worst); advice != "" {
		all = append(all, advice)
	}
	return all
}

// command begins the command in a reason: it is written once, on a line of its own.
const command = ": kubectl taint nodes "

// shutDown returns the command that replaces the pods of a node that is shut down, "" if no failure needs it.
func (r Report) shutDown() string {
	for _, w := range r.Workloads {
		for _, worst := range w.Failures {
			for _, reason := range worst.Pending {
				if _, arguments, ok := strings.Cut(reason, command); ok {
					_, taint, _ := strings.Cut(arguments, " ")
					return "kubectl taint nodes NODE " + taint
				}
			}
		}
	}
	return ""
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

// counts are the pods behind a verdict, as the end of a sentence; "" for a workload of one pod: its verdict is enough.
func (e Effect) counts() string {
	if e.Pods == 1 {
		return ""
	}
	return fmt.Sprintf(" (at worst %s; %d %s in the end)", e.least(), e.After, e.counted())
}

// least is the smallest number of Ready pods, and how many are needed: "1 of 3 pods ready, 2 needed".
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
					all = append(all, fmt.Sprintf("%s, %s%s: %s", w.Name, strings.Join(events[fix], " and "), worst.known(), n))
					break
				}
			}
		}
	}
	return all
}

// known marks an event that breaks the requirement in the baseline, too.
func (w Worst) known() string {
	if w.Known {
		return " (known)"
	}
	return ""
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
	case ScaleUp:
		return "scale-up"
	case LoseNodeInDrain:
		return "node failure during a drain"
	case LoseNodeInRollout:
		return "node failure during a rollout"
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

// replicates is the replication for people. Software that needs more pods than its replication alone would, because of a setting, is
// named by what it needs.
func (w Workload) replicates() string {
	more := w.Replication == "quorum" || w.Replication == "elected"
	if more && w.Needs > w.Pods/2+1 || strings.HasPrefix(w.Replication, "copies:") && w.Needs == w.Pods {
		return fmt.Sprintf("needs:%d", w.Needs)
	}
	return w.Replication
}

// onePod returns the end of a sentence about a workload with a single pod, which cannot meet any requirement; "" for others.
func (w Workload) onePod() string {
	if w.Pods == 1 && w.Needs == 1 && w.Replication != PerNode {
		return "has one pod: no other pod takes over"
	}
	return ""
}

// exception returns the advice for workloads with one pod that break the requirement, and the lines of a config that ignores their
// breaches; nothing if there are none. Only people know whether a workload may have more pods. A pod that never runs needs other
// remedies.
func (r Report) exception() (advice, config []string) {
	var order []string
	names, entries := map[string][]string{}, map[string][]string{}
	for _, b := range r.Breaches {
		w := b.Workload
		if rest := w.WorstOf(SteadyState); w.Remedy == "" || rest != nil && rest.Verdict != Serves {
			continue
		}
		if names[w.Remedy] == nil {
			order = append(order, w.Remedy)
		}
		if !slices.Contains(names[w.Remedy], w.Name) {
			names[w.Remedy] = append(names[w.Remedy], w.Name)
		}
		entries[w.Remedy] = append(entries[w.Remedy], fmt.Sprintf("  - {rule: %s, objects: %s, reason: ...}", b.Rule, strings.Replace(w.Name, " ", "/", 1)))
	}
	for _, remedy := range order {
		advice = append(advice, shorten(names[remedy])+": "+remedy)
		config = append(config, entries[remedy]...)
	}
	if more := len(config) - most; more > 0 {
		config = append(config[:most], fmt.Sprintf("  # and %d more", more))
	}
	if len(config) > 0 {
		config = append([]string{"ignore:"}, config...)
	}
	return advice, config
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
