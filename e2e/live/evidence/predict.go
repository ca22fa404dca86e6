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
	Rollout     = "roll"
)

// Event is an event in verify's report: on one node, on all nodes of a zone in the order of their names, or the rollout of the only workload of a
// kind.
type Event struct {
	Name  string
	Nodes []string
	Kind  string
}

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
		Workload, Verdict, Stuck string
		After                    int
		RecoverySeconds          float64
	}
	Changes []struct{ Workload, From, To string }
}

// matches reports whether the scenario is the event. An equivalent node stands for one node.
func (s scenario) matches(e Event) bool {
	switch {
	case s.Event != e.Name:
		return false
	case e.Name == Rollout:
		return strings.HasPrefix(s.Target, e.Kind+" ")
	}
	return slices.Equal(s.Nodes, e.Nodes) || len(e.Nodes) == 1 && slices.Contains(s.Like, e.Nodes[0])
}

// ends reports whether the event ends a pod: on a failed node, evicted and not protected by a budget, or replaced in a rollout.
func (s scenario) ends(e Event, workload, node string) bool {
	if e.Name == Rollout {
		return workload == s.Target
	}
	return slices.Contains(e.Nodes, node) && (e.Name != DrainNode || !strings.HasPrefix(workload, "DaemonSet ") && !s.blockedBy(workload))
}

// blockedBy reports whether a workload keeps a drain from completing.
func (s scenario) blockedBy(workload string) bool {
	for _, o := range s.Outcomes {
		if o.Workload == workload && o.Stuck != "" {
			return true
		}
	}
	return false
}

// Predict reads the prediction for an event from a JSON report of holdfast verify.
func Predict(report []byte, e Event) (Prediction, error) {
	p := Prediction{Nodes: e.Nodes, Lost: Names{Predicted: []string{}}}
	var v verified
	if err := json.Unmarshal(report, &v); err != nil {
		return p, fmt.Errorf("decoding the report of holdfast verify: %w", err)
	}
	i := slices.IndexFunc(v.Scenarios, func(s scenario) bool { return s.matches(e) })
	if i < 0 {
		return p, fmt.Errorf("the report of holdfast verify has no scenario %q for %v%s", e.Name, e.Nodes, e.Kind)
	}
	lost := map[string]int{}
	for _, pod := range v.Pods {
		if v.Scenarios[i].ends(e, pod.Workload, pod.Node) {
			lost[pod.Workload]++
			p.Lost.Predicted = append(p.Lost.Predicted, pod.Name)
		}
	}
	slices.Sort(p.Lost.Predicted)
	flows := map[string]Flow{}
	for _, w := range v.Workloads {
		left := v.before(w.Name, w.Pods)
		if e.Name != Rollout {
			left -= lost[w.Name]
		}
		row, flow := v.Scenarios[i].workload(w.Name, left)
		kind, _, _ := strings.Cut(w.Name, " ")
		flows[kind] = flow
		p.Workloads = append(p.Workloads, row)
	}
	// There is one workload of each kind.
	bus, source, sensor := flows["StatefulSet"], flows["EventSource"], flows["Sensor"]
	p.Flows = []Flow{through("POSTs", source, bus), through("bus", bus), through("sensor", source, bus, sensor)}
	return p, nil
}

// before returns the ready pods of a workload before the event.
func (v verified) before(workload string, pods int) int {
	for _, s := range v.Scenarios {
		for _, o := range s.Outcomes {
			if s.Event == "rest" && o.Workload == workload {
				return o.After
			}
		}
	}
	return pods
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
