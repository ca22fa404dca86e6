package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// width is that of a terminal on which all lines fit, unless a name is longer.
const width = 100

// most is how many of a kind are told of before the rest is counted.
const most = 12

// column is an event that the table tells of. Others are told of where something fails.
type column struct {
	event string
	head  string
}

// columns are those of the events that were played.
func (r Report) columns() []column {
	played := map[string]bool{}
	for _, s := range r.Scenarios {
		played[s.Event] = true
	}
	all := []column{{LoseNode, "Node lost"}, {LoseZone, "Zone lost"}}
	for _, d := range r.Cluster.Domains {
		all = append(all, column{"lose " + d.Name, sentence(d.Name) + " lost"})
	}
	all = append(all, column{DrainNode, "Drain"}, column{Rollout, "Roll"})
	return slices.DeleteFunc(all, func(c column) bool { return !played[c.event] })
}

// WriteText writes the report for a terminal, in colours or without.
func (r Report) WriteText(out io.Writer, coloured bool) error {
	p := terminal{coloured: coloured}
	color := good
	if !r.Kept {
		color = bad
	}
	p.line(r.Summary(), bold, color)
	if r.Requirement != "" && !r.Kept {
		p.wrapped("", "", r.Promise())
	}
	if from := r.From(); from != "" {
		p.wrapped("", "", from)
	}
	if len(r.Workloads) > 0 {
		p.line("")
		p.table(r.rows())
	}
	for _, w := range r.Workloads {
		if w.Assumed {
			p.line("")
			p.line("?: nobody said how it replicates. Say it by --replication or an annotation.")
			break
		}
	}
	if lucky := r.notGuaranteed(); len(lucky) > 0 {
		p.line("")
		p.wrapped("", "   ", "*: where its pods are now. The scheduler may put them elsewhere, and then it stops:")
		for _, why := range lucky[:min(len(lucky), most)] {
			p.wrapped("  ", "    ", why)
		}
		if more := len(lucky) - most; more > 0 {
			p.wrapped("  ", "    ", fmt.Sprintf("and %s more, of which -o json and -o html tell", count(more, "workload")))
		}
	}
	if beyond := r.Beyond(); beyond != "" {
		p.line("")
		p.line(beyond)
	}
	for _, w := range r.Workloads {
		p.troubles(w)
	}
	if excuse := r.excuse(); excuse != "" {
		p.line("")
		p.line("Give what has one pod a second. Where there must never be two, a file for --config says why:")
		p.line("  " + excuse)
	}
	for _, f := range r.Findings {
		p.finding(f)
	}
	p.granted(r)
	if len(r.Unsupported) > 0 {
		p.line("")
		p.wrapped("", "  ", "Not judged, for nothing is known of what they make: "+strings.Join(r.Unsupported, ", "))
	}
	p.baseline(r.Baseline)
	_, err := io.WriteString(out, p.String())
	return err
}

// granted says what was taken for granted, but of models, which the table marks.
func (p *terminal) granted(r Report) {
	models := 0
	for _, w := range r.Workloads {
		if w.Assumed {
			models++
		}
	}
	if others := r.Assumed[min(models, len(r.Assumed)):]; len(others) > 0 {
		p.line("")
		p.line("Assumed:")
		for _, what := range others {
			p.wrapped("  ", "    ", what)
		}
	}
}

// rows are the table of workloads, with a column for each event that was played.
func (r Report) rows() [][]string {
	columns := r.columns()
	head := []string{"WORKLOAD", "PODS", "REPLICATION"}
	for _, c := range columns {
		head = append(head, strings.ToUpper(c.head))
	}
	rows := [][]string{head}
	for _, w := range r.Workloads {
		replication := w.Replication
		if w.Assumed {
			replication += "?"
		}
		row := []string{w.Name, fmt.Sprint(w.Pods), replication}
		for _, c := range columns {
			row = append(row, w.cell(c.event))
		}
		rows = append(rows, row)
	}
	return rows
}

// troubles tells of each event that a workload does not survive, by the scenario that shows it.
func (p *terminal) troubles(w Workload) {
	if len(w.Failures) == 0 {
		return
	}
	p.line("")
	p.wrapped("", "  ", w.Name+w.alone())
	for _, worst := range w.Failures {
		p.wrapped("  ", "    ", fmt.Sprintf("%s, it %s (%s)", what(worst.Event, w.own(worst)), worst.becomes(worst.Event), worst.counts()))
		for _, why := range worst.Pending {
			p.wrapped("    ", "      ", why)
		}
		if worst.Ignored != "" {
			p.wrapped("    ", "    ", RequirementRule(worst.Event)+", ignored: "+worst.Ignored)
		}
	}
}

// own is the target of what happens to the workload, "it" where that is the workload itself.
func (w Workload) own(worst Worst) string {
	if first, second, ok := strings.Cut(worst.Target, ", "); first == w.Name && ok {
		return "it, " + second
	}
	if worst.Target == w.Name {
		return "it"
	}
	return worst.Target
}

// alone is said of a workload that no claim can hold for.
func (w Workload) alone() string {
	if w.Pods == 1 && w.Needs == 1 && w.Replication != "per-node" {
		return " has one pod: nothing takes over from it"
	}
	return ""
}

// counts are the pods behind a verdict.
func (e Effect) counts() string {
	return fmt.Sprintf("at worst %d of %s run, it needs %d; then %d", e.Least, count(e.Pods, "pod"), e.Needs, e.After)
}

func (p *terminal) finding(f Finding) {
	p.line("")
	p.wrapped("", "  ", fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Object, f.Message))
	if f.Ignored != "" {
		p.wrapped("  ", "  ", f.Rule+", ignored: "+f.Ignored)
		return
	}
	p.wrapped("  ", "  ", f.Rule+": "+f.Protects)
	p.wrapped("  ", "  ", f.Fix)
}

// excuse is a config that ignores what a workload with one pod breaks; "" if none does. Only people know whether it could have
// more.
func (r Report) excuse() string {
	for _, b := range r.Breaches {
		if b.Workload.alone() != "" {
			return fmt.Sprintf("ignore: [{rule: claim-*, objects: %s, reason: ...}]", strings.Replace(b.Workload.Name, " ", "/", 1))
		}
	}
	return ""
}

// baseline is what a person is told of it.
func (p *terminal) baseline(b *Baseline) {
	if b == nil {
		return
	}
	p.line("")
	p.line(fmt.Sprintf("Since the baseline: %d known, %d fixed", len(b.Known), len(b.Fixed)))
	for _, fixed := range b.Fixed {
		p.wrapped("  ", "    ", "fixed: "+fixed)
	}
}
