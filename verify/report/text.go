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

// TextOptions are the options of WriteText.
type TextOptions struct {
	// Coloured adds colours.
	Coloured bool
	// OnlyFailing leaves out workloads that no event interrupts, ignored findings, and assumptions.
	OnlyFailing bool
}

// WriteText writes the report for a terminal, the most severe first.
func (r Report) WriteText(out io.Writer, options TextOptions) error {
	p := terminal{coloured: options.Coloured}
	for line := range strings.Lines(table.Lines{}.Wrap(strings.Fields(r.Summary()))) {
		p.line(strings.TrimSuffix(line, "\n"), bold, r.colour())
	}
	if !r.Kept {
		p.wrap("", "", r.requirement())
	}
	p.wrap("", "", r.origin())
	if err := p.workloads(r, options.OnlyFailing); err != nil {
		return err
	}
	p.placements(r)
	required, others := r.interrupted()
	for _, w := range required {
		p.failures(r, w)
	}
	if len(others) > 0 && r.Requirement != "" {
		p.line("")
		p.line(beyond)
	}
	for _, w := range others {
		p.failures(r, w)
	}
	p.exception(r)
	if command := r.shutDown(); command != "" {
		p.line("")
		p.line(shutDownIntro)
		p.line("  " + command)
	}
	for _, g := range groupFindings(r.Findings) {
		if !options.OnlyFailing || g.Ignored == "" {
			p.finding(g)
		}
	}
	if len(r.Unsupported) > 0 {
		p.line("")
		p.wrap("", "  ", "Unsupported kinds, whose pods are not in this report: "+strings.Join(r.unsupported(), "; "))
	}
	if !options.OnlyFailing {
		p.assumptions(r)
	}
	p.baseline(r.Baseline)
	_, err := io.WriteString(out, plain.Disarm(p.String()))
	return err
}

// workloads writes the table of workloads, with a column for each event, and what its cells mean.
func (p *terminal) workloads(r Report, onlyFailing bool) error {
	columns, all := r.columns(), r.ordered()
	if onlyFailing {
		all = slices.DeleteFunc(all, func(w Workload) bool {
			return len(w.Failures) == 0 && !slices.ContainsFunc(columns, func(c column) bool { return w.notGuaranteed(c.event) })
		})
	}
	if len(all) == 0 || r.RulesOnly {
		return nil
	}
	head := []string{"WORKLOAD", "PODS", "REPLICATION"}
	for _, c := range columns {
		head = append(head, strings.ToUpper(strings.Replace(c.head, " failure", " fails", 1)))
	}
	rows, assumed := [][]string{head}, false
	for _, w := range all {
		replication := w.replicates()
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
	var cells []string
	for _, row := range rows[1:] {
		cells = append(cells, row[3:]...)
	}
	notes := legendOf(cells)
	if assumed {
		notes = append(notes, "?: assumed. Set the replication with --replication or an annotation.")
	}
	if len(notes) > 0 {
		p.line("")
	}
	for _, note := range notes {
		p.wrap("", "  ", note)
	}
	for _, w := range r.Workloads {
		if w.Assumed && w.Needs > 1 && (w.Group == nil || w.Group.Workloads[0] == w.Name) {
			p.wrap("  ", "    ", fmt.Sprintf("%s needs %d of %s: %s", w.Name, w.Needs, count(w.Pods, "pod"), w.Why))
		}
	}
	return nil
}

// legend are the cells of the table that need an explanation.
var legend = []struct {
	cell, meaning string
	explains      func(cell string) bool
}{
	{"after TIME", "enough pods stay ready; after TIME, a standby or a new leader has taken over, or each node has its pod back.", startsWith("after ")},
	{"down TIME", "it does not serve for TIME, then serves again, also while a failure lasts.", startsWith("down ")},
	{label(Recovers), "it does not serve, then serves again after an unknown time.", startsWith(label(Recovers))},
	{label(Blocked), "it serves, but the drain, rollout or placement does not complete.", startsWith(label(Blocked))},
	{label(Stops), "it does not serve until the failure is over, or somebody intervenes.", startsWith(label(Stops))},
}

// legendOf explains the cells of a table.
func legendOf(cells []string) []string {
	var notes []string
	for _, l := range legend {
		if slices.ContainsFunc(cells, l.explains) {
			notes = append(notes, l.cell+": "+l.meaning)
		}
	}
	return notes
}

func startsWith(prefix string) func(string) bool {
	return func(cell string) bool { return strings.HasPrefix(cell, prefix) }
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

// shutDownIntro introduces the command that replaces the pods of a failed node.
const shutDownIntro = "Once a failed node is shut down, this replaces its pods:"

// exception writes what workloads with one pod need, and how to ignore their breaches.
func (p *terminal) exception(r Report) {
	advice, config := r.exception()
	if len(advice) == 0 {
		return
	}
	p.line("")
	p.line("One pod cannot meet this requirement:")
	for _, line := range advice {
		p.wrap("  ", "    ", line)
	}
	p.wrap("", "", exceptionIntro)
	for _, line := range config {
		p.line("  " + line)
	}
}

// exceptionIntro introduces the config that ignores breaches.
const exceptionIntro = "If there must be only one, ignore the breaches with a reason, in a file for --config:"

// failures writes each event that interrupts a workload, by the scenario that shows it.
func (p *terminal) failures(r Report, w Workload) {
	p.line("")
	p.wrap("", "  ", w.Name+" "+w.onePod())
	for _, worst := range w.Failures {
		p.wrap("  ", "    ", fmt.Sprintf("%s, it %s%s%s", w.whenFor(worst), worst.effect(worst.Event), worst.counts(), worst.known()))
		for _, reason := range r.reasons(w, worst) {
			p.wrap("    ", "      ", reason)
		}
		if worst.Ignored != "" {
			p.wrap("    ", "    ", RequirementRule(worst.Event)+", ignored: "+worst.Ignored)
		}
	}
}

func (p *terminal) finding(g findingGroup) {
	p.line("")
	p.wrap("", "  ", fmt.Sprintf("%s:%d: %s: %s", g.File, g.Line, g.Object, g.Message))
	if g.Ignored != "" {
		p.wrap("  ", "  ", g.Rule+", ignored: "+g.Ignored)
	} else {
		p.wrap("  ", "  ", g.Rule+": "+g.Protects)
		p.wrap("  ", "  ", g.Fix)
	}
	p.wrap("  ", "    ", g.More())
}

func (p *terminal) assumptions(r Report) {
	lines := r.assumptions()
	if len(lines) > 0 {
		p.line("")
		p.line("Assumed:")
	}
	for _, line := range lines {
		p.wrap("  ", "    ", line)
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
