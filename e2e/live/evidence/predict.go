package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// What verify calls what may happen to nodes.
const (
	LoseNode  = "lose node"
	LoseZone  = "lose zone"
	DrainNode = "drain node"
)

// verified is what is read of a report of holdfast verify: docs/report.md has it all.
type verified struct {
	Workloads []struct {
		Name string
		Pods int
	}
	Pods      []struct{ Name, Node, Workload string }
	Scenarios []happening
}

type happening struct {
	Event, Target string
	Like, Nodes   []string
	Outcomes      []struct {
		Workload, Verdict string
		After             int
		RecoverySeconds   float64
	}
	Changes []struct{ Workload, From, To string }
}

// is tells whether it is what happens to a node, or to all nodes of a zone.
func (h happening) is(event string, nodes []string) bool {
	return h.Event == event && (slices.Equal(h.Nodes, nodes) || len(nodes) == 1 && slices.Contains(h.Like, nodes[0]))
}

// Predict takes from a report of holdfast verify, in JSON, what it says of something that happens to a node, or to all nodes of a zone, in the
// order of their names.
func Predict(report []byte, event string, nodes []string) (Prediction, error) {
	p := Prediction{Nodes: nodes, Lost: Names{Predicted: []string{}}}
	var said verified
	if err := json.Unmarshal(report, &said); err != nil {
		return p, fmt.Errorf("reading what holdfast verify says: %w", err)
	}
	i := slices.IndexFunc(said.Scenarios, func(h happening) bool { return h.is(event, nodes) })
	if i < 0 {
		return p, fmt.Errorf("holdfast verify does not say what comes of it to %s %v", event, nodes)
	}
	lost := map[string]int{}
	for _, pod := range said.Pods {
		stays := event == DrainNode && strings.HasPrefix(pod.Workload, "DaemonSet ")
		if slices.Contains(nodes, pod.Node) && !stays {
			lost[pod.Workload]++
			p.Lost.Predicted = append(p.Lost.Predicted, pod.Name)
		}
	}
	slices.Sort(p.Lost.Predicted)
	flows := map[string]Flow{}
	for _, w := range said.Workloads {
		row, flow := said.Scenarios[i].of(w.Name, w.Pods-lost[w.Name])
		kind, _, _ := strings.Cut(w.Name, " ")
		flows[kind] = flow
		p.Workloads = append(p.Workloads, row)
	}
	// Of each there is one.
	bus, source, sensor := flows["StatefulSet"], flows["EventSource"], flows["Sensor"]
	p.Flows = []Flow{through("POSTs", source, bus), through("bus", bus), through("sensor", source, bus, sensor)}
	return p, nil
}

// of is what happens to a workload, of which so many pods are left at first.
func (h happening) of(name string, left int) (Workload, Flow) {
	w, f := Workload{Name: name, Run: Count{Predicted: left}}, Flow{Returns: true}
	for _, o := range h.Outcomes {
		if o.Workload == name {
			w.Run.Predicted = o.After
			f = Flow{Returns: o.Verdict != "stops", Within: o.RecoverySeconds}
		}
	}
	for _, c := range h.Changes {
		if c.Workload == name && c.From == "" && c.To == "" {
			w.Waits.Predicted++
		}
	}
	return w, f
}

// through is what flows through several workloads.
func through(name string, all ...Flow) Flow {
	f := Flow{Name: name, Returns: true}
	for _, one := range all {
		f.Returns = f.Returns && one.Returns
		f.Within = max(f.Within, one.Within)
	}
	return f
}
