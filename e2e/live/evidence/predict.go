package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The events of verify's report.
const (
	NodeFailure = "lose node"
	ZoneFailure = "lose zone"
	DrainNode   = "drain node"
)

// verified is the part of verify's report that a prediction needs; docs/report.md describes all of it.
type verified struct {
	Workloads []struct {
		Name string
		Pods int
	}
	Pods      []struct{ Name, Node, Workload string }
	Scenarios []scenario
}

type scenario struct {
	Event, Target string
	Like, Nodes   []string
	Outcomes      []struct {
		Workload, Verdict string
		After             int
		RecoverySeconds   float64
	}
	Changes []struct{ Workload, From, To string }
}

// matches reports whether the scenario is an event on the nodes. An equivalent node stands for one node.
func (s scenario) matches(event string, nodes []string) bool {
	return s.Event == event && (slices.Equal(s.Nodes, nodes) || len(nodes) == 1 && slices.Contains(s.Like, nodes[0]))
}

// Predict reads the prediction for an event from a JSON report of holdfast verify. The event is on one node, or on all nodes of a zone, in the
// order of their names.
func Predict(report []byte, event string, nodes []string) (Prediction, error) {
	p := Prediction{Nodes: nodes, Lost: Names{Predicted: []string{}}}
	var v verified
	if err := json.Unmarshal(report, &v); err != nil {
		return p, fmt.Errorf("decoding the report of holdfast verify: %w", err)
	}
	i := slices.IndexFunc(v.Scenarios, func(s scenario) bool { return s.matches(event, nodes) })
	if i < 0 {
		return p, fmt.Errorf("the report of holdfast verify has no scenario %q for %v", event, nodes)
	}
	lost := map[string]int{}
	for _, pod := range v.Pods {
		stays := event == DrainNode && strings.HasPrefix(pod.Workload, "DaemonSet ")
		if slices.Contains(nodes, pod.Node) && !stays {
			lost[pod.Workload]++
			p.Lost.Predicted = append(p.Lost.Predicted, pod.Name)
		}
	}
	slices.Sort(p.Lost.Predicted)
	flows := map[string]Flow{}
	for _, w := range v.Workloads {
		row, flow := v.Scenarios[i].workload(w.Name, w.Pods-lost[w.Name])
		kind, _, _ := strings.Cut(w.Name, " ")
		flows[kind] = flow
		p.Workloads = append(p.Workloads, row)
	}
	// There is one workload of each kind.
	bus, source, sensor := flows["StatefulSet"], flows["EventSource"], flows["Sensor"]
	p.Flows = []Flow{through("POSTs", source, bus), through("bus", bus), through("sensor", source, bus, sensor)}
	return p, nil
}

// workload returns the outcome for a workload that has left pods right after the event.
func (s scenario) workload(name string, left int) (Workload, Flow) {
	w, f := Workload{Name: name, Run: Count{Predicted: left}}, Flow{Returns: true}
	for _, o := range s.Outcomes {
		if o.Workload == name {
			w.Run.Predicted = o.After
			f = Flow{Returns: o.Verdict != "stops", Within: o.RecoverySeconds}
		}
	}
	for _, c := range s.Changes {
		if c.Workload == name && c.From == "" && c.To == "" {
			w.Pending.Predicted++
		}
	}
	return w, f
}

// through combines the workloads that a flow passes through.
func through(name string, all ...Flow) Flow {
	f := Flow{Name: name, Returns: true}
	for _, one := range all {
		f.Returns = f.Returns && one.Returns
		f.Within = max(f.Within, one.Within)
	}
	return f
}
