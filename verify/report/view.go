package report

import (
	"fmt"
	"strings"
)

// view is a report as the page shows it.
type view struct {
	// From says where the pods are at rest, if they run already; Beyond that what fails was not claimed.
	Title, Promise, From, Beyond string
	Kept                         bool
	Columns                      []string
	Workloads                    []workloadView
	Events                       []eventView
	Places                       []placeView
	Broken                       []brokenView
	Findings                     []Finding
	Ignored                      []Finding
	Assumed                      []string
	NotJudged                    []string
	Lucky                        []string
	Data                         drawing
}

// Mark is how a workload's pods are drawn: a letter of its own, in a colour and a shape that few others have, so that
// colour alone says nothing.
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
	Mark  Mark
	Cells []cellView
}

// cellView is the worst that an event does to a workload, and which scenario shows it.
type cellView struct {
	Head, Text, Class string
	Scenario          int
}

// eventView are the scenarios of one event.
type eventView struct {
	Head string
	// Beyond tells that something is claimed, but not for this event.
	Beyond    bool
	Scenarios []scenarioView
}

type scenarioView struct {
	ID                int
	Target            string
	Like              string
	Verdict, Class    string
	Stuck             string
	Claimed, Harmless bool
	Outcomes          []outcomeView
}

type outcomeView struct {
	Workload string
	Mark     Mark
	Becomes  string
	Class    string
}

// brokenView is a workload that something stops.
type brokenView struct {
	Name, Alone string
	Mark        Mark
	Says        []saysView
}

type saysView struct {
	When, Becomes, Counts, Class string
	Ignored                      string
	Scenario                     int
	Waiting                      []string
}

func newView(r Report) view {
	v := view{Title: r.Summary(), Promise: r.Promise(), From: r.From(), Beyond: r.Beyond(), Kept: r.Kept, Assumed: r.Assumed, NotJudged: r.Unsupported, Lucky: r.notGuaranteed()}
	marks := map[string]Mark{}
	for i, w := range r.Workloads {
		marks[w.Name] = newMark(i)
	}
	played := r.columns()
	first := r.first()
	for _, c := range played {
		v.Columns = append(v.Columns, c.head)
	}
	for _, w := range r.Workloads {
		row := workloadView{Workload: w, Mark: marks[w.Name]}
		for _, c := range played {
			cell := newCell(c.head, w.WorstOf(c.event), first)
			if w.notGuaranteed(c.event) {
				cell.Text += "*"
			}
			row.Cells = append(row.Cells, cell)
		}
		v.Workloads = append(v.Workloads, row)
		if bad := w.Failures; len(bad) > 0 {
			v.Broken = append(v.Broken, newBroken(w, bad, marks[w.Name], first))
		}
	}
	v.Events = newEvents(r, marks)
	v.Places = places(r, marks)
	for _, f := range r.Findings {
		if f.Ignored == "" {
			v.Findings = append(v.Findings, f)
		} else {
			v.Ignored = append(v.Ignored, f)
		}
	}
	v.Data = newDrawing(r, marks)
	return v
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

func newBroken(w Workload, bad []Worst, mark Mark, numbers map[[2]string]int) brokenView {
	b := brokenView{Name: w.Name, Alone: strings.TrimSpace(w.alone()), Mark: mark}
	for _, worst := range bad {
		b.Says = append(b.Says, saysView{When: sentence(what(worst.Event, w.own(worst))), Becomes: worst.becomes(worst.Event), Counts: worst.counts(), Class: class(worst.Verdict),
			Scenario: numbers[[2]string{worst.Event, worst.Target}], Waiting: worst.Pending, Ignored: worst.Ignored})
	}
	return b
}

// head is an event as a heading.
func head(event string) string {
	switch event {
	case SteadyState:
		return "At rest"
	case DrainNode:
		return "A node is drained"
	case Rollout:
		return "A workload rolls"
	case ScaleUp:
		return "A workload grows to its maximum"
	case LoseNodeInDrain:
		return "A node is lost while another is drained"
	case LoseNodeInRollout:
		return "A node is lost while a workload rolls"
	}
	domain, _ := FailedDomain(event)
	return "A " + domain + " is lost"
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
	v := scenarioView{ID: i, Target: s.Target, Verdict: s.Verdict, Class: class(s.Verdict), Stuck: s.Blocked, Claimed: s.Required, Harmless: s.Verdict == Serves}
	if v.Target == "" {
		v.Target = "Nothing happens"
	}
	if first, second, pair := strings.Cut(s.Target, ", "); pair {
		v.Target = second + " while " + first + map[bool]string{true: " rolls", false: " is drained"}[s.Event == LoseNodeInRollout]
	}
	if len(s.Like) > 0 {
		v.Like = fmt.Sprintf("and %d alike", len(s.Like))
	}
	for _, o := range s.Outcomes {
		if o.Verdict != Serves {
			v.Outcomes = append(v.Outcomes, outcomeView{Workload: o.Workload, Mark: marks[o.Workload], Becomes: o.becomes(s.Event), Class: class(o.Verdict)})
		}
	}
	return v
}

// class is the style of a verdict.
func class(verdict string) string {
	return map[string]string{Serves: "serves", Recovers: "returns", Blocked: "stuck", Stops: "stops"}[verdict]
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
