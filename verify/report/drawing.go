package report

import (
	"slices"
	"strings"
)

// drawing is the input of the page's script: names and texts once, and indexes into them; -1 is none. The script reads rows
// in the order of the fields here.
type drawing struct {
	Zones     []string        `json:"zones"`
	Nodes     []drawnNode     `json:"nodes"`
	Workloads []drawnWorkload `json:"workloads"`
	Pods      []drawnPod      `json:"pods"`
	Scenarios []drawnScenario `json:"scenarios"`
	Texts     []string        `json:"texts"`
	// Start is the first scenario to show.
	Start int `json:"start"`
}

// drawnNode has the number of its group in zones, and its other failure domains.
type drawnNode struct {
	Name string `json:"name"`
	Zone int    `json:"zone"`
	In   string `json:"in,omitempty"`
}

type drawnWorkload struct {
	Name string `json:"name"`
	Mark
}

type drawnPod struct {
	Name     string `json:"name"`
	Workload int    `json:"workload"`
	Node     int    `json:"node"`
	Why      string `json:"why,omitempty"`
}

type drawnScenario struct {
	When     string         `json:"when"`
	Failed   []int          `json:"failed"`
	Drained  []int          `json:"drained"`
	Blocked  string         `json:"blocked,omitempty"`
	Outcomes []drawnOutcome `json:"outcomes"`
	Changes  []drawnChange  `json:"changes"`
}

// drawnOutcome is a workload, the class of its verdict, the effect, pods, least, after, needs, and the reasons for Pending
// pods. Words are indexes of texts.
type drawnOutcome []int

// drawnChange is a pod's name, its workload, its old and new node, and the reason. Words are indexes of texts.
type drawnChange [5]int

// texts has each text once: many pods change for the same reason.
type texts struct {
	list []string
	at   map[string]int
}

func (t *texts) of(text string) int {
	i, ok := t.at[text]
	if !ok {
		i = len(t.list)
		t.at[text] = i
		t.list = append(t.list, text)
	}
	return i
}

// numbers maps names to their indexes, any other name to -1.
type numbers map[string]int

func (n numbers) of(name string) int {
	if i, ok := n[name]; ok {
		return i
	}
	return -1
}

func newDrawing(r Report, marks map[string]Mark) drawing {
	groups, others := r.groups()
	d := drawing{Zones: groups, Nodes: []drawnNode{}, Workloads: []drawnWorkload{}, Pods: []drawnPod{}, Scenarios: []drawnScenario{}, Start: r.start()}
	zones, nodes, workloads := numbers{}, numbers{}, numbers{}
	for i, group := range groups {
		zones[group] = i
	}
	for i, n := range r.Cluster.Nodes {
		nodes[n.Name] = i
		in := r.in(n)
		group := ""
		if len(in) > 0 {
			group = in[0]
		}
		var names []string
		for _, name := range in[min(len(in), len(in)-others):] {
			if name != "" {
				names = append(names, name)
			}
		}
		d.Nodes = append(d.Nodes, drawnNode{n.Name, zones.of(group), strings.Join(names, ", ")})
	}
	for i, w := range r.Workloads {
		workloads[w.Name] = i
		d.Workloads = append(d.Workloads, drawnWorkload{w.Name, marks[w.Name]})
	}
	for _, p := range r.Pods {
		d.Pods = append(d.Pods, drawnPod{p.Name, workloads.of(p.Workload), nodes.of(p.Node), p.Why})
	}
	texts := &texts{at: map[string]int{}}
	for _, s := range r.Scenarios {
		d.Scenarios = append(d.Scenarios, drawScenario(s, nodes, workloads, texts))
	}
	d.Texts = texts.list
	return d
}

// groups are the failure domains in which the nodes are drawn: the zones, or without zones the domains of the first other kind. Others
// is the number of the other kinds.
func (r Report) groups() (names []string, others int) {
	switch {
	case len(r.Cluster.Zones) > 0:
		return r.Cluster.Zones, len(r.Cluster.Domains)
	case len(r.Cluster.Domains) > 0:
		return r.Cluster.Domains[0].Values, len(r.Cluster.Domains) - 1
	}
	return []string{}, 0
}

// start is the first event that interrupts a workload, without those of two failures; else the first zone or node failure.
func (r Report) start() int {
	const interruption = ""
	at := map[string]int{}
	for i, s := range slices.Backward(r.Scenarios) {
		if at[s.Event] = i; s.Verdict != Serves && s.Event != LoseNodeInDrain && s.Event != LoseNodeInRollout {
			at[interruption] = i
		}
	}
	for _, event := range []string{interruption, LoseZone, LoseNode} {
		if i, ok := at[event]; ok {
			return i
		}
	}
	return 0
}

func drawScenario(s Scenario, nodes, workloads numbers, texts *texts) drawnScenario {
	d := drawnScenario{When: sentence(when(s.Event, s.Target)), Blocked: s.Blocked,
		Failed: []int{}, Drained: []int{}, Outcomes: []drawnOutcome{}, Changes: []drawnChange{}}
	for _, name := range s.Nodes {
		if name == s.drained() {
			d.Drained = append(d.Drained, nodes.of(name))
		} else {
			d.Failed = append(d.Failed, nodes.of(name))
		}
	}
	for _, o := range s.Outcomes {
		row := drawnOutcome{workloads.of(o.Workload), texts.of(class(o.Verdict)), texts.of(o.effect(s.Event)), o.Pods, o.Least, o.After, o.Needs}
		for _, why := range o.Pending {
			row = append(row, texts.of(why))
		}
		d.Outcomes = append(d.Outcomes, row)
	}
	for _, c := range s.Changes {
		d.Changes = append(d.Changes, drawnChange{texts.of(c.Pod), workloads.of(c.Workload), nodes.of(c.From), nodes.of(c.To), texts.of(c.Why)})
	}
	return d
}

// drained is the node that the scenario drains, "" if there is none. The other nodes of the scenario fail.
func (s Scenario) drained() string {
	switch s.Event {
	case DrainNode, LoseNodeInDrain:
		node, _, _ := strings.Cut(s.Target, ", ")
		return node
	}
	return ""
}
