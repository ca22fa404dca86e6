package report

import (
	"fmt"
	"slices"
	"strings"
)

// view is a report as the page shows it.
type view struct {
	Title, Requirement string
	// Origin is the source of the steady state; Beyond introduces interruptions that do not break the requirement. ShutDown is the
	// command that replaces the pods of a failed node.
	Origin, Beyond, ShutDownIntro, ShutDown string
	// Outcome is the outcome of the requirement, with its CSS class.
	Outcome, OutcomeClass string
	Columns               []string
	// Legend explains cells of the table.
	Legend    []string
	Workloads []workloadView
	// Domains are the kinds of failure domain that have guarantees.
	Domains []string
	Events  []eventView
	// PlaceHeads are the headings of placeView.In.
	PlaceHeads  []string
	Places      []placeView
	Interrupted []interruptedView
	// Findings and Ignored are grouped.
	Findings      []findingGroup
	Ignored       []findingGroup
	Assumed       []string
	Unsupported   []string
	NotGuaranteed []string
	Data          drawing
}

// Mark is the symbol of a workload's pods: a letter of its own, in a colour and a shape that few others share. The colour
// alone carries no information.
type Mark struct {
	Letter string `json:"letter"`
	Colour int    `json:"colour"`
	Shape  int    `json:"shape"`
}

// The page has this many colours and shapes.
const (
	colours = 8
	shapes  = 5
)

func newMark(i int) Mark {
	letter := string(rune('A' + i%26))
	for rest := i/26 - 1; rest >= 0; rest = rest/26 - 1 {
		letter = string(rune('A'+rest%26)) + letter
	}
	return Mark{Letter: letter, Colour: i % colours, Shape: i % shapes}
}

type workloadView struct {
	Workload
	Replicates string
	Mark       Mark
	Cells      []cellView
	Guarantees []string
}

// cellView is the worst effect of an event on a workload, and the number of the scenario that shows it, -1 for none.
type cellView struct {
	Head, Text, Class string
	Scenario          int
}

// eventView is the list of scenarios of one event.
type eventView struct {
	Head string
	// Beyond is whether there is a requirement that does not cover this event.
	Beyond    bool
	Scenarios []scenarioView
}

type scenarioView struct {
	ID             int
	Target         string
	Like           string
	Verdict, Class string
	Blocked        string
	Harmless       bool
	Outcomes       []outcomeView
}

type outcomeView struct {
	Workload string
	Mark     Mark
	Effect   string
	Class    string
}

// interruptedView is a workload that events interrupt.
type interruptedView struct {
	Name, OnePod string
	// Beyond is set for the first workload whose interruptions do not break the requirement.
	Beyond bool
	Mark   Mark
	Events []interruptionView
}

type interruptionView struct {
	When, Effect, Counts, Class string
	Ignored                     string
	Scenario                    int
	Reasons                     []string
}

func newView(r Report) view {
	v := view{Title: r.Summary(), Requirement: r.requirement(), Origin: r.origin(), Beyond: beyond, ShutDownIntro: shutDownIntro, ShutDown: r.shutDown(), Domains: []string{"node", "zone"},
		Outcome: sentence(r.Outcome), OutcomeClass: map[string]string{Proven: "serves", AsPlaced: "recovers", NotJudged: "blocked", NotMet: "stops"}[r.Outcome],
		Assumed: append(slices.Clone(r.Assumed[:r.models()]), r.assumptions()...), Unsupported: r.unsupported(), NotGuaranteed: r.notGuaranteed(), PlaceHeads: r.placeHeads()}
	for _, d := range r.Cluster.Domains {
		v.Domains = append(v.Domains, d.Name)
	}
	marks := map[string]Mark{}
	for i, w := range r.Workloads {
		marks[w.Name] = newMark(i)
	}
	columns := r.columns()
	first := r.first()
	for _, c := range columns {
		v.Columns = append(v.Columns, c.head)
	}
	var cells []string
	for _, w := range r.ordered() {
		row := workloadView{Workload: w, Replicates: w.replicates(), Mark: marks[w.Name], Guarantees: guarantees(w, v.Domains)}
		for _, c := range columns {
			cell := newCell(c.head, w.WorstOf(c.event), first)
			if w.notGuaranteed(c.event) {
				cell.Text += "*"
			}
			row.Cells = append(row.Cells, cell)
			cells = append(cells, cell.Text)
		}
		v.Workloads = append(v.Workloads, row)
	}
	required, others := r.interrupted()
	for _, w := range required {
		v.Interrupted = append(v.Interrupted, newInterrupted(r, w, marks[w.Name], first))
	}
	for i, w := range others {
		one := newInterrupted(r, w, marks[w.Name], first)
		one.Beyond = i == 0 && r.Requirement != ""
		v.Interrupted = append(v.Interrupted, one)
	}
	v.Legend = legendOf(cells)
	v.Events = newEvents(r, marks)
	v.Places = places(r, marks)
	for _, g := range groupFindings(r.Findings) {
		if g.Ignored == "" {
			v.Findings = append(v.Findings, g)
		} else {
			v.Ignored = append(v.Ignored, g)
		}
	}
	v.Data = newDrawing(r, marks)
	return v
}

// guarantees returns the most pods of a workload in one domain of each kind, with the reason; "" if no node is in a domain of the
// kind.
func guarantees(w Workload, domains []string) []string {
	bounds := map[string]Bounds{"node": w.Guarantee.Node}
	if w.Guarantee.Zone != nil {
		bounds["zone"] = *w.Guarantee.Zone
	}
	for _, d := range w.Guarantee.Domains {
		bounds[d.Domain] = d.Bounds
	}
	var all []string
	for _, name := range domains {
		text := ""
		if b, ok := bounds[name]; ok && b.Healed.Why != "" {
			text = fmt.Sprintf("%d: %s", b.Healed.Pods, b.Healed.Why)
		}
		all = append(all, text)
	}
	return all
}

// first maps event and target to the number of the scenario.
func (r Report) first() map[[2]string]int {
	numbers := map[[2]string]int{}
	for i, s := range r.Scenarios {
		numbers[[2]string{s.Event, s.Target}] = i
	}
	return numbers
}

func newCell(head string, w *Worst, numbers map[[2]string]int) cellView {
	if w.idle() {
		return cellView{Head: head, Text: "–", Scenario: -1}
	}
	return cellView{Head: head, Text: w.cell(), Class: class(w.Verdict), Scenario: numbers[[2]string{w.Event, w.Target}]}
}

func newInterrupted(r Report, w Workload, mark Mark, numbers map[[2]string]int) interruptedView {
	v := interruptedView{Name: w.Name, OnePod: w.onePod(), Mark: mark}
	for _, worst := range w.Failures {
		v.Events = append(v.Events, interruptionView{When: sentence(w.whenFor(worst)), Effect: worst.effect(worst.Event), Counts: worst.counts() + worst.known(), Class: class(worst.Verdict),
			Scenario: numbers[[2]string{worst.Event, worst.Target}], Reasons: r.reasons(w, worst), Ignored: worst.Ignored})
	}
	return v
}

// head is an event as a heading.
func head(event string) string {
	switch event {
	case SteadyState:
		return "Steady state"
	case DrainNode:
		return "A node is drained"
	case Rollout:
		return "A workload is rolled out"
	case ScaleUp:
		return "A workload is scaled up to its maximum"
	case LoseNodeInDrain:
		return "A node fails while another is drained"
	case LoseNodeInRollout:
		return "A node fails while a workload is rolled out"
	}
	domain, _ := FailedDomain(event)
	return "A " + domain + " fails"
}

func newEvents(r Report, marks map[string]Mark) []eventView {
	var all []eventView
	for i, s := range r.Scenarios {
		if i == 0 || s.Event != r.Scenarios[i-1].Event {
			all = append(all, eventView{Head: head(s.Event), Beyond: r.Requirement != "" && !s.Required})
		}
		last := &all[len(all)-1]
		last.Scenarios = append(last.Scenarios, newScenario(i, s, marks))
	}
	return all
}

func newScenario(i int, s Scenario, marks map[string]Mark) scenarioView {
	v := scenarioView{ID: i, Target: s.Target, Verdict: label(s.Verdict), Class: class(s.Verdict), Blocked: s.Blocked, Harmless: s.Verdict == Serves}
	if v.Target == "" {
		v.Target = "No event"
	}
	if first, second, pair := strings.Cut(s.Target, ", "); pair {
		v.Target = second + " while " + first + map[bool]string{true: " is rolled out", false: " is drained"}[s.Event == LoseNodeInRollout]
	}
	if len(s.Like) > 0 {
		v.Like = fmt.Sprintf("and %d equivalent", len(s.Like))
	}
	for _, o := range s.Outcomes {
		if o.Verdict != Serves {
			v.Outcomes = append(v.Outcomes, outcomeView{Workload: o.Workload, Mark: marks[o.Workload], Effect: o.effect(s.Event), Class: class(o.Verdict)})
		}
	}
	return v
}

// class is the CSS class of a verdict.
func class(verdict string) string {
	return map[string]string{Serves: "serves", Recovers: "recovers", Blocked: "blocked", Stops: "stops"}[verdict]
}
