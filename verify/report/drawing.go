package report

import (
	"slices"
	"strings"
)

// drawing is what the page's script draws of: names and texts once, and numbers that point to them. -1 is none. The script
// reads rows in the order that is said here.
type drawing struct {
	Zones     []string        `json:"zones"`
	Nodes     []drawnNode     `json:"nodes"`
	Workloads []drawnWorkload `json:"workloads"`
	Pods      []drawnPod      `json:"pods"`
	Scenarios []drawnScenario `json:"scenarios"`
	Texts     []string        `json:"texts"`
	// Start is the scenario that is shown first.
	Start int `json:"start"`
}

type drawnNode struct {
	Name string `json:"name"`
	Zone int    `json:"zone"`
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
	Lost     []int          `json:"lost"`
	Drained  []int          `json:"drained"`
	Stuck    string         `json:"stuck,omitempty"`
	Outcomes []drawnOutcome `json:"outcomes"`
	Changes  []drawnChange  `json:"changes"`
}

// drawnOutcome is a workload, the class of its verdict, what becomes of it, pods, least, after, needs, and why pods wait. Words
// are numbers of texts.
type drawnOutcome []int

// drawnChange is a pod's name, its workload, from and to which node, and why. Words are numbers of texts.
type drawnChange [5]int

// texts keeps each text once, for many pods go for the same reason.
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

// numbers gives each name its number, -1 to any other.
type numbers map[string]int

func (n numbers) of(name string) int {
	if i, ok := n[name]; ok {
		return i
	}
	return -1
}

func newDrawing(r Report, marks map[string]Mark) drawing {
	d := drawing{Zones: r.Cluster.Zones, Nodes: []drawnNode{}, Workloads: []drawnWorkload{}, Pods: []drawnPod{}, Scenarios: []drawnScenario{}, Start: r.start()}
	zones, nodes, workloads := numbers{}, numbers{}, numbers{}
	for i, zone := range r.Cluster.Zones {
		zones[zone] = i
	}
	for i, n := range r.Cluster.Nodes {
		nodes[n.Name] = i
		d.Nodes = append(d.Nodes, drawnNode{n.Name, zones.of(n.Zone)})
	}
	for i, w := range r.Workloads {
		workloads[w.Name] = i
		d.Workloads = append(d.Workloads, drawnWorkload{w.Name, marks[w.Name]})
	}
	for _, p := range r.Pods {
		d.Pods = append(d.Pods, drawnPod{p.Name, workloads.of(p.Workload), nodes.of(p.Node), p.Why})
	}
	words := &texts{at: map[string]int{}}
	for _, s := range r.Scenarios {
		d.Scenarios = append(d.Scenarios, drawScenario(s, nodes, workloads, words))
	}
	d.Texts = words.list
	return d
}

// start is the first failure that something does not survive, of one failure at a time; else the loss of a zone, or of a node.
func (r Report) start() int {
	at := map[string]int{}
	for i, s := range slices.Backward(r.Scenarios) {
		if at[s.Event] = i; s.Verdict != Serves && s.Event != LoseNodeInDrain && s.Event != LoseNodeInRollout {
			at["fails"] = i
		}
	}
	for _, event := range []string{"fails", LoseZone, LoseNode} {
		if i, ok := at[event]; ok {
			return i
		}
	}
	return 0
}

func drawScenario(s Scenario, nodes, workloads numbers, words *texts) drawnScenario {
	d := drawnScenario{When: sentence(what(s.Event, s.Target)), Stuck: s.Blocked,
		Lost: []int{}, Drained: []int{}, Outcomes: []drawnOutcome{}, Changes: []drawnChange{}}
	for _, name := range s.Nodes {
		if name == s.drained() {
			d.Drained = append(d.Drained, nodes.of(name))
		} else {
			d.Lost = append(d.Lost, nodes.of(name))
		}
	}
	for _, o := range s.Outcomes {
		row := drawnOutcome{workloads.of(o.Workload), words.of(class(o.Verdict)), words.of(o.becomes(s.Event)), o.Pods, o.Least, o.After, o.Needs}
		for _, why := range o.Pending {
			row = append(row, words.of(why))
		}
		d.Outcomes = append(d.Outcomes, row)
	}
	for _, c := range s.Changes {
		d.Changes = append(d.Changes, drawnChange{words.of(c.Pod), workloads.of(c.Workload), nodes.of(c.From), nodes.of(c.To), words.of(c.Why)})
	}
	return d
}

// drained is the node that the scenario drains, "" if it drains none. The others that it takes lose their power.
func (s Scenario) drained() string {
	switch s.Event {
	case DrainNode, LoseNodeInDrain:
		node, _, _ := strings.Cut(s.Target, ", ")
		return node
	}
	return ""
}
