package evidence

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestPredictionsPage checks that the page was written from the committed data, and that every prediction was right.
func TestPredictionsPage(t *testing.T) {
	p, err := ReadPredictions(folder)
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, predictionsPage, p.Markdown())
	if len(p.Failures) == 0 {
		t.Error("there are no predictions")
	}
	for _, failure := range p.Failures {
		for _, differs := range failure.Disagreements() {
			t.Errorf("%s %v, %s: %s", failure.Scenario, failure.Nodes, failure.System, differs)
		}
		if len(failure.Workloads) == 0 || len(failure.Flows) == 0 {
			t.Errorf("%s %v, %s: the prediction is empty", failure.Scenario, failure.Nodes, failure.System)
		}
	}
}

// TestDisagreements: every difference from the prediction is listed, and nothing else.
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
		"as predicted":            {as(func(*Prediction) {}), ""},
		"another pod is lost":     {as(func(p *Prediction) { p.Lost.Seen = []string{"a", "c"} }), "lost pods: predicted [a b], observed [a c]"},
		"one pod fewer runs":      {as(func(p *Prediction) { p.Workloads[0].Run.Seen = 1 }), "w: running pods: predicted 2, observed 1"},
		"one more pod is Pending": {as(func(p *Prediction) { p.Workloads[0].Pending.Seen = 2 }), "w: Pending pods: predicted 1, observed 2"},
		"unexpected interruption": {as(func(p *Prediction) { p.Flows[0].Stopped = 15.1 }), "bus: interruption: predicted at most 0.0 s"},
		"longer interruption":     {as(func(p *Prediction) { p.Flows[1].Stopped = 39.1 }), "sensor: interruption: predicted at most 24.0 s"},
		"shorter interruption":    {as(func(p *Prediction) { p.Flows[2].Stopped = 29 }), "POSTs: interruption: predicted until the nodes return"},
	} {
		got := c.p.Disagreements()
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestUnpredicted: the page names the failures without a prediction.
func TestUnpredicted(t *testing.T) {
	p := Predictions{Unpredicted: []Unpredicted{{"full disk", "simulates no failure of a disk"}}}
	if got := string(p.Markdown()); !strings.HasSuffix(got, "\n\n| failure | holdfast verify |\n|---|---|\n| full disk | simulates no failure of a disk |\n") {
		t.Errorf("got %s", got)
	}
}

// TestPredict reads the scenario of an event from a report: names of pods from the steady state, numbers from the simulation.
func TestPredict(t *testing.T) {
	const report = `{
		"workloads": [{"name": "StatefulSet n/bus", "pods": 3}, {"name": "EventSource n/load", "pods": 2}, {"name": "Sensor n/load", "pods": 2}, {"name": "DaemonSet n/leaf", "pods": 3}],
		"pods": [
			{"name": "bus-0", "workload": "StatefulSet n/bus", "node": "a"}, {"name": "bus-1", "workload": "StatefulSet n/bus", "node": "b"}, {"name": "bus-2", "workload": "StatefulSet n/bus", "node": "c"},
			{"name": "source-1", "workload": "EventSource n/load", "node": "a"}, {"name": "source-2", "workload": "EventSource n/load", "node": "b"},
			{"name": "sensor-1", "workload": "Sensor n/load", "node": "b"}, {"name": "sensor-2", "workload": "Sensor n/load", "node": "c"},
			{"name": "leaf-a", "workload": "DaemonSet n/leaf", "node": "a"}, {"name": "leaf-b", "workload": "DaemonSet n/leaf", "node": "b"}, {"name": "leaf-c", "workload": "DaemonSet n/leaf", "node": "c"}],
		"scenarios": [
			{"event": "rest", "outcomes": []},
			{"event": "lose node", "target": "b", "like": ["a"], "nodes": ["b"],
				"outcomes": [{"workload": "StatefulSet n/bus", "verdict": "serves", "after": 2}, {"workload": "EventSource n/load", "verdict": "serves", "after": 1}, {"workload": "Sensor n/load", "verdict": "serves", "after": 2, "recoverySeconds": 23.8}],
				"changes": [{"workload": "EventSource n/load", "from": "b"}, {"workload": "EventSource n/load"}, {"workload": "Sensor n/load", "from": "b"}, {"workload": "Sensor n/load", "to": "c"}]},
			{"event": "drain node", "target": "a", "nodes": ["a"], "outcomes": [], "changes": [{"workload": "StatefulSet n/bus", "from": "a"}]},
			{"event": "drain node", "target": "c", "nodes": ["c"], "changes": [{"workload": "Sensor n/load", "from": "c"}],
				"outcomes": [{"workload": "StatefulSet n/bus", "verdict": "stuck", "stuck": "its budget permits no eviction", "after": 2}, {"workload": "Sensor n/load", "verdict": "serves", "after": 2, "recoverySeconds": 23.8}]},
			{"event": "roll", "target": "DaemonSet n/leaf", "outcomes": [{"workload": "DaemonSet n/leaf", "verdict": "serves", "after": 3}], "changes": []},
			{"event": "lose zone", "target": "z", "nodes": ["a", "b"], "outcomes": [{"workload": "StatefulSet n/bus", "verdict": "stops", "after": 1}], "changes": []}
		]}`
	p, err := Predict([]byte(report), Event{Name: NodeFailure, Nodes: []string{"a"}})
	want := Prediction{
		Nodes: []string{"a"}, Lost: Names{Predicted: []string{"bus-0", "leaf-a", "source-1"}},
		Workloads: []Workload{{Name: "StatefulSet n/bus", Run: Count{Predicted: 2}}, {Name: "EventSource n/load", Run: Count{Predicted: 1}, Pending: Count{Predicted: 1}},
			{Name: "Sensor n/load", Run: Count{Predicted: 2}}, {Name: "DaemonSet n/leaf", Run: Count{Predicted: 2}}},
		Flows: []Flow{{Name: "POSTs", Returns: true}, {Name: "bus", Returns: true}, {Name: "sensor", Returns: true, Within: 23.8}},
	}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v %v\nwant %+v", p, err, want)
	}
	p, err = Predict([]byte(report), Event{Name: ZoneFailure, Nodes: []string{"a", "b"}})
	if err != nil || slices.ContainsFunc(p.Flows, func(f Flow) bool { return f.Returns }) || len(p.Lost.Predicted) != 7 {
		t.Errorf("without a quorum: got %+v %v", p, err)
	}
	p, err = Predict([]byte(report), Event{Name: DrainNode, Nodes: []string{"a"}})
	if err != nil || !slices.Equal(p.Lost.Predicted, []string{"bus-0", "source-1"}) || p.Workloads[3].Run.Predicted != 3 {
		t.Errorf("drained: got %+v %v", p, err)
	}
	p, err = Predict([]byte(report), Event{Name: DrainNode, Nodes: []string{"c"}})
	if err != nil || !slices.Equal(p.Lost.Predicted, []string{"sensor-2"}) || p.Workloads[0].Run.Predicted != 2 || !p.Flows[1].Returns {
		t.Errorf("a blocked drain: got %+v %v", p, err)
	}
	p, err = Predict([]byte(report), Event{Name: Rollout, Kind: "DaemonSet"})
	if err != nil || !slices.Equal(p.Lost.Predicted, []string{"leaf-a", "leaf-b", "leaf-c"}) || p.Workloads[3].Run.Predicted != 3 || p.Workloads[0].Run.Predicted != 3 {
		t.Errorf("a rollout: got %+v %v", p, err)
	}
	if _, err := Predict([]byte(report), Event{Name: NodeFailure, Nodes: []string{"c"}}); err == nil {
		t.Error("a failure that the report does not contain is predicted")
	}
}
