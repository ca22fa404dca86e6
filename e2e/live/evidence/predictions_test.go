package evidence

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestPredictions shows that the page says what was predicted and seen, and that it went so.
func TestPredictions(t *testing.T) {
	dir := filepath.Join("../../..", "docs", "evidence")
	p, err := ReadPredictions(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, predictionsPage))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, p.Markdown()) {
		t.Errorf("docs/evidence/%s is not what %s says: run make evidence", predictionsPage, predictionsData)
	}
	if len(p.Failures) == 0 {
		t.Error("nothing was predicted")
	}
	for _, l := range p.Failures {
		for _, differs := range l.Disagreements() {
			t.Errorf("%s %v, %s: %s", l.Scenario, l.Nodes, l.System, differs)
		}
		if len(l.Workloads) == 0 || len(l.Flows) == 0 {
			t.Errorf("%s %v, %s: nothing was predicted", l.Scenario, l.Nodes, l.System)
		}
	}
}

// TestDisagreements: each thing that goes otherwise than predicted is told, and nothing else is.
func TestDisagreements(t *testing.T) {
	as := func(change func(*Prediction)) Prediction {
		p := Prediction{Away: 30, Lost: Names{[]string{"a", "b"}, []string{"a", "b"}}, Workloads: []Workload{{"w", Count{2, 2}, Count{1, 1}}},
			Flows: []Flow{{"bus", true, 0, 14}, {"sensor", true, 24, 38}, {"POSTs", false, 0, 31}}}
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		p    Prediction
		want string
	}{
		"as predicted":           {as(func(*Prediction) {}), ""},
		"another pod is lost":    {as(func(p *Prediction) { p.Lost.Seen = []string{"a", "c"} }), "pods [a b] were to be lost, [a c] were"},
		"a pod less runs":        {as(func(p *Prediction) { p.Workloads[0].Run.Seen = 1 }), "w: 2 pods were to run meanwhile, 1 did"},
		"a pod more waits":       {as(func(p *Prediction) { p.Workloads[0].Waits.Seen = 2 }), "w: 1 pods were to wait for a node, 2 did"},
		"it stops":               {as(func(p *Prediction) { p.Flows[0].Stopped = 15.1 }), "bus: was to stop for 0.0 s at most"},
		"it takes longer":        {as(func(p *Prediction) { p.Flows[1].Stopped = 39.1 }), "sensor: was to stop for 24.0 s at most"},
		"it comes back too soon": {as(func(p *Prediction) { p.Flows[2].Stopped = 29 }), "POSTs: was to stop until the nodes are back"},
	} {
		got := c.p.Disagreements()
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestPredict: of a report that part is taken which is about the loss, with names from rest and numbers from the play.
func TestPredict(t *testing.T) {
	const report = `{
		"workloads": [{"name": "StatefulSet n/bus", "pods": 3}, {"name": "EventSource n/load", "pods": 2}, {"name": "Sensor n/load", "pods": 2}, {"name": "DaemonSet n/leaf", "pods": 3}],
		"pods": [
			{"name": "bus-0", "workload": "StatefulSet n/bus", "node": "a"}, {"name": "bus-1", "workload": "StatefulSet n/bus", "node": "b"}, {"name": "bus-2", "workload": "StatefulSet n/bus", "node": "c"},
			{"name": "source-1", "workload": "EventSource n/load", "node": "a"}, {"name": "source-2", "workload": "EventSource n/load", "node": "b"},
			{"name": "sensor-1", "workload": "Sensor n/load", "node": "b"}, {"name": "sensor-2", "workload": "Sensor n/load", "node": "c"},
			{"name": "leaf-a", "workload": "DaemonSet n/leaf", "node": "a"}, {"name": "leaf-b", "workload": "DaemonSet n/leaf", "node": "b"}, {"name": "leaf-c", "workload": "DaemonSet n/leaf", "node": "c"}],
		"scenarios": [
			{"event": "rest"},
			{"event": "lose node", "target": "b", "like": ["a"], "nodes": ["b"],
				"outcomes": [{"workload": "StatefulSet n/bus", "verdict": "serves", "after": 2}, {"workload": "EventSource n/load", "verdict": "serves", "after": 1}, {"workload": "Sensor n/load", "verdict": "serves", "after": 2, "recoverySeconds": 23.8}],
				"changes": [{"workload": "EventSource n/load", "from": "b"}, {"workload": "EventSource n/load"}, {"workload": "Sensor n/load", "from": "b"}, {"workload": "Sensor n/load", "to": "c"}]},
			{"event": "drain node", "target": "a", "nodes": ["a"], "outcomes": [], "changes": [{"workload": "StatefulSet n/bus", "from": "a"}]},
			{"event": "lose zone", "target": "z", "nodes": ["a", "b"], "outcomes": [{"workload": "StatefulSet n/bus", "verdict": "stops", "after": 1}], "changes": []}
		]}`
	p, err := Predict([]byte(report), LoseNode, []string{"a"})
	want := Prediction{
		Nodes: []string{"a"}, Lost: Names{Predicted: []string{"bus-0", "leaf-a", "source-1"}},
		Workloads: []Workload{{Name: "StatefulSet n/bus", Run: Count{Predicted: 2}}, {Name: "EventSource n/load", Run: Count{Predicted: 1}, Waits: Count{Predicted: 1}},
			{Name: "Sensor n/load", Run: Count{Predicted: 2}}, {Name: "DaemonSet n/leaf", Run: Count{Predicted: 2}}},
		Flows: []Flow{{Name: "POSTs", Returns: true}, {Name: "bus", Returns: true}, {Name: "sensor", Returns: true, Within: 23.8}},
	}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v %v\nwant %+v", p, err, want)
	}
	p, err = Predict([]byte(report), LoseZone, []string{"a", "b"})
	if err != nil || slices.ContainsFunc(p.Flows, func(f Flow) bool { return f.Returns }) || len(p.Lost.Predicted) != 7 {
		t.Errorf("without a quorum: got %+v %v", p, err)
	}
	p, err = Predict([]byte(report), DrainNode, []string{"a"})
	if err != nil || !slices.Equal(p.Lost.Predicted, []string{"bus-0", "source-1"}) || p.Workloads[3].Run.Predicted != 3 {
		t.Errorf("drained: got %+v %v", p, err)
	}
	if _, err := Predict([]byte(report), LoseNode, []string{"c"}); err == nil {
		t.Error("a loss that was not played is predicted")
	}
}
