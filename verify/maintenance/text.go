package maintenance

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/internal/table"
)

// WriteText writes the plan for a terminal.
func (p Plan) WriteText(out io.Writer) error {
	w := &writer{out: out}
	blocked := slices.DeleteFunc(slices.Clone(p.Nodes), func(n Node) bool { return n.Round > 0 })
	now := len(slices.DeleteFunc(slices.Clone(p.Nodes), func(n Node) bool { return !n.Now }))
	w.line("%s can be drained: %s", numberOf(len(p.Nodes)-len(blocked), len(p.Nodes)), p.headline(len(blocked)))
	w.line("%d of them now, as the first one", now)
	w.rounds(p.Rounds)
	w.lost(p.Rounds)
	w.blocked(p, blocked)
	if p.Outcome == AsPlaced {
		w.line("")
		w.line("As placed: the rounds are valid where the simulated scheduler places the moved pods. A real one may choose other nodes: run this command again before each round. Why it is not proven: %s.", strings.TrimSuffix(p.Why, "."))
	}
	if len(p.Assumptions) > 0 {
		w.line("")
		w.line("Assumptions:")
		for _, a := range p.Assumptions {
			w.item(a)
		}
	}
	return w.err
}

func numberOf(n, of int) string {
	switch {
	case of == 1 && n == 1:
		return "the only node"
	case n == of:
		return fmt.Sprintf("all %d nodes", of)
	case n == 0:
		return fmt.Sprintf("none of %d nodes", of)
	}
	return fmt.Sprintf("%d of %d nodes", n, of)
}

// headline is the outcome in words.
func (p Plan) headline(blocked int) string {
	rounds := fmt.Sprintf("%d rounds", len(p.Rounds))
	if len(p.Rounds) == 1 {
		rounds = "1 round"
	}
	switch p.Outcome {
	case Proven:
		return rounds + ", proven for every placement"
	case AsPlaced:
		return rounds + ", as placed"
	case NotJudged:
		return rounds + ", but not judged: " + p.Why
	}
	verb := "are"
	if blocked == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%s, and %d %s blocked", rounds, blocked, verb)
}

type writer struct {
	out io.Writer
	err error
}

// line writes a line, in several lines if it is too long.
func (w *writer) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, table.Lines{}.Wrap(strings.Split(fmt.Sprintf(format, args...), " ")))
	}
}

func (w *writer) item(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, table.Lines{First: "  - ", Rest: "    "}.Wrap(strings.Split(text, " ")))
	}
}

// rounds writes a row for each round, and the commands of each.
func (w *writer) rounds(all []Round) {
	if len(all) == 0 || w.err != nil {
		return
	}
	w.line("")
	w.line("In each round: drain the nodes at the same time, maintain them, uncordon them, and wait until all pods are Ready again.")
	for i, r := range all {
		w.line("")
		w.line("Round %d: %s", i+1, r.summary())
		for _, command := range slices.Concat(r.Drain, r.Uncordon) {
			if w.err == nil {
				_, w.err = fmt.Fprintf(w.out, "  %s\n", command)
			}
		}
	}
}

// summary is the effect of a round.
func (r Round) summary() string {
	text := fmt.Sprintf("evicts %d pods", r.Evicted)
	if r.Evicted == 1 {
		text = "evicts 1 pod"
	}
	var parts []string
	for _, i := range r.Interrupted {
		parts = append(parts, i.String())
	}
	if len(parts) == 0 {
		return text + ", interrupts no workload"
	}
	return text + ", interrupts " + strings.Join(parts, ", ")
}

func (i Interruption) String() string {
	if i.Seconds < 0 {
		return i.Workload + " until the nodes are back, or longer"
	}
	return fmt.Sprintf("%s for %s", i.Workload, time.Duration(i.Seconds*float64(time.Second)).Round(time.Second))
}

// lost writes what is lost.
func (w *writer) lost(all []Round) {
	var items []string
	for _, r := range all {
		for _, l := range r.Lost {
			items = append(items, l.String())
		}
	}
	if len(items) == 0 {
		return
	}
	w.line("")
	w.line("Lost:")
	const most = 20
	for _, item := range items[:min(len(items), most)] {
		w.item(item)
	}
	if more := len(items) - most; more > 0 {
		w.item(fmt.Sprintf("and %d more: -o json has all", more))
	}
}

// String is the loss in words.
func (l Loss) String() string {
	var parts []string
	if l.Deleted {
		parts = append(parts, "the pod, because no controller creates it again")
	}
	if len(l.EmptyDirs) > 0 {
		parts = append(parts, "the data of emptyDir "+strings.Join(l.EmptyDirs, ", "))
	}
	pod := "pod " + l.Pod
	if l.Pod == "" {
		pod = "a pod of " + l.Workload
	}
	return fmt.Sprintf("%s on %s: %s", pod, l.Node, strings.Join(parts, ", and "))
}

// blocked writes the blocked nodes. Nodes with the same reason are one item.
func (w *writer) blocked(p Plan, nodes []Node) {
	if len(nodes) == 0 {
		return
	}
	w.line("")
	switch {
	case p.EveryOrder:
		w.line("Blocked (every order was simulated, and none drains more nodes):")
	case slices.ContainsFunc(nodes, func(n Node) bool { return !n.InAnyOrder }):
		w.line("Blocked (no order was found in %d simulated rounds):", p.Simulated)
	default:
		w.line("Blocked in any order:")
	}
	var order []string
	names := map[string][]string{}
	for _, n := range nodes {
		reason := n.Blocked
		switch {
		case n.InAnyOrder:
		case n.Now:
			reason += " (it can be drained now, before the others)"
		}
		if names[reason] == nil {
			order = append(order, reason)
		}
		names[reason] = append(names[reason], n.Name)
	}
	for _, reason := range order {
		some := names[reason]
		list := strings.Join(some[:min(len(some), 5)], ", ")
		if more := len(some) - 5; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		w.item(list + ": " + reason)
	}
}
