package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/internal/table"
)

// most is how many items of a list are written before the rest is counted.
const most = 12

// column is an event with a column in the table. The other events are written only where they interrupt a workload.
type column struct {
	event string
	// head is the heading: "Node failure". In text it is short, so that names of workloads fit beside it.
	head string
}

// columns are those of the simulated events.
func (r Report) columns() []column {
	simulated := map[string]bool{}
	for _, s := range r.Scenarios {
		simulated[s.Event] = true
	}
	all := []column{{LoseNode, "Node failure"}, {LoseZone, "Zone failure"}}
	for _, d := range r.Cluster.Domains {
		all = append(all, column{"lose " + d.Name, sentence(d.Name) + " failure"})
	}
	all = append(all, column{DrainNode, "Drain"}, column{Rollout, "Rollout"})
	return slices.DeleteFunc(all, func(c column) bool { return !simulated[c.event] })
}

// WriteText writes the report for a terminal, with or without colours.
func (r Report) WriteText(out io.Writer, coloured bool) error {
	p := terminal{coloured: coloured}
	colour := good
	if !r.Kept {
		colour = bad
	}
	p.line(r.Summary(), bold, colour)
	if !r.Kept {
		p.wrap("", "", r.requirement())
	}
	p.wrap("", "", r.origin())
	if err := p.workloads(r); err != nil {
		return err
	}
	p.placements(r)
	if beyond := r.beyond(); beyond != "" {
		p.line("")
		p.line(beyond)
	}
	for _, w := range r.Workloads {
		p.failures(r, w)
	}
	if advice, config := r.exception(); advice != "" {
		p.line("")
		p.wrap("", "", advice)
		for _, line := range config {
			p.line("  " + line)
		}
	}
	for _, f := range r.Findings {
		p.finding(f)
	}
	p.assumptions(r)
	if len(r.Unsupported) > 0 {
		p.line("")
		p.wrap("", "  ", "Unsupported kinds, whose pods are not in this report: "+strings.Join(r.Unsupported, ", "))
	}
	p.baseline(r.Baseline)
	_, err := io.WriteString(out, plain.Disarm(p.String()))
	return err
}

// workloads writes the table of workloads, with a column for each event.
func (p *terminal) workloads(r Report) error {
	if len(r.Workloads) == 0 {
		return nil
	}
	columns := r.columns()
	head := []string{"WORKLOAD", "PODS", "REPLICATION"}
	for _, c := range columns {
		head = append(head, strings.ToUpper(strings.Replace(c.head, " failure", " fails", 1)))
	}
	rows, assumed := [][]string{head}, false
	for _, w := range r.Workloads {
		replication := w.Replication
		if w.Assumed {
			replication, assumed = replication+"?", true
		}
		pods := fmt.Sprint(w.Pods)
		if w.Group != nil {
			pods = fmt.Sprintf("%d of %d", w.Group.Own, w.Pods)
		}
		row := []string{w.Name, pods, replication}
		for _, c := range columns {
			row = append(row, w.cell(c.event))
		}
		rows = append(rows, row)
	}
	p.line("")
	paint := func(row int, cell string) string {
		if row == 0 {
			return cell
		}
		return p.paint(cell, colourOf(cell))
	}
	if err := (table.Table{Rows: rows, Paint: paint}).Write(p); err != nil {
		return err
	}
	if assumed {
		p.line("")
		p.line("?: assumed. Set the replication with --replication or an annotation.")
	}
	for _, w := range r.Workloads {
		if w.Assumed && w.Needs > 1 && (w.Group == nil || w.Group.Workloads[0] == w.Name) {
			p.wrap("  ", "    ", fmt.Sprintf("%s needs %d of %s: %s", w.Name, w.Needs, count(w.Pods, "pod"), w.Why))
		}
	}
	return nil
}

// placements writes which workloads survive only by the current placement of their pods.
func (p *terminal) placements(r Report) {
	list := r.notGuaranteed()
	if len(list) == 0 {
		return
	}
	p.line("")
	p.wrap("", "   ", "*: only with the current placement. The constraints allow another:")
	for _, placement := range list[:min(len(list), most)] {
		p.wrap("  ", "    ", placement)
	}
	if more := len(list) - most; more > 0 {
		p.wrap("  ", "    ", fmt.Sprintf("and %s more: see -o json or -o html", count(more, "workload")))
	}
}

// failures writes each event that interrupts a workload, by the scenario that shows it.
func (p *terminal) failures(r Report, w Workload) {
	if len(w.Failures) == 0 {
		return
	}
	p.line("")
	p.wrap("", "  ", w.Name+" "+w.onePod())
	for _, worst := range w.Failures {
		p.wrap("  ", "    ", fmt.Sprintf("%s, it %s (%s)", w.whenFor(worst), worst.effect(worst.Event), worst.counts()))
		if worst.Blocked != "" {
			p.wrap("    ", "      ", worst.Blocked)
		}
		for _, reason := range worst.Pending {
			if !strings.Contains(worst.Blocked, reason) {
				p.wrap("    ", "      ", reason)
			}
		}
		if advice := r.ofTwo(w, worst); advice != "" {
			p.wrap("    ", "      ", advice)
		}
		if worst.Ignored != "" {
			p.wrap("    ", "    ", RequirementRule(worst.Event)+", ignored: "+worst.Ignored)
		}
	}
}

func (p *terminal) finding(f Finding) {
	p.line("")
	p.wrap("", "  ", fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Object, f.Message))
	if f.Ignored != "" {
		p.wrap("  ", "  ", f.Rule+", ignored: "+f.Ignored)
		return
	}
	p.wrap("  ", "  ", f.Rule+": "+f.Protects)
	p.wrap("  ", "  ", f.Fix)
}

// assumptions writes the assumptions, without replication models: the table marks those.
func (p *terminal) assumptions(r Report) {
	models := 0
	for _, w := range r.Workloads {
		if w.Assumed {
			models++
		}
	}
	if others := r.Assumed[min(models, len(r.Assumed)):]; len(others) > 0 {
		p.line("")
		p.line("Assumed:")
		for _, assumption := range others {
			p.wrap("  ", "    ", assumption)
		}
	}
}

func (p *terminal) baseline(b *Baseline) {
	if b == nil {
		return
	}
	p.line("")
	p.line(fmt.Sprintf("Since the baseline: %d known, %d fixed", len(b.Known), len(b.Fixed)))
	for _, fixed := range b.Fixed {
		p.wrap("  ", "    ", "fixed: "+fixed)
	}
}
