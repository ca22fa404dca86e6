package availability

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestSubject: the parameters of a workload come from its simulated outcomes.
func TestSubject(t *testing.T) {
	s := verifytest.Read(t, "m.yaml", `
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, annotations: {holdfast-ha.github.io/replication: standby}}
spec:
  replicas: 3
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 30}] # of every taint
      containers: [{name: c, image: c}]
`)
	w := s.Workloads[0]
	c, err := cluster.Uniform(4, 2)
	if err != nil {
		t.Fatal(err)
	}
	r := Rates{Node: Failures{Repair: time.Hour}, Zone: Failures{Repair: 2 * time.Hour}, Drains: Drains{Away: 10 * time.Minute},
		Detection: 50 * time.Second, Start: 20 * time.Second, Election: 15 * time.Second}
	scenario := func(event survival.Event, target string, least, after int) survival.Scenario {
		return survival.Scenario{Event: event, Target: target, Outcomes: []survival.Outcome{{Workload: w, Pods: 3, Least: least, After: after, Needs: 1}}}
	}
	at := func(nodes ...string) []survival.Placement {
		var all []survival.Placement
		for _, n := range nodes {
			all = append(all, survival.Placement{Workload: w, Node: n})
		}
		return all
	}
	simulated := survival.Result{SteadyState: at("node-1", "node-1", "node-2", ""), Scenarios: []survival.Scenario{
		scenario(survival.SteadyState, "", 3, 3), scenario(survival.LoseNode, "node-1", 1, 3), scenario(survival.LoseNode, "node-2", 2, 3),
		scenario(survival.LoseZone, "zone-1", 1, 2), scenario(survival.DrainNode, "node-1", 1, 3), scenario(survival.DrainNode, "node-2", 2, 2),
		scenario(survival.Rollout, "Deployment b", 0, 3), scenario(survival.Rollout, "Deployment a", 2, 3),
	}}
	want := Subject{On: []Spot{{"node-1", "zone-1", 2}, {"node-2", "zone-2", 1}}, Needs: 1,
		NodeAway:    100 * time.Second, // detected, tolerated and started elsewhere
		ZoneAway:    2 * time.Hour,     // one is not replaced before the repair
		DrainEvicts: 2, DrainAway: 10 * time.Minute, RolloutStops: 1, RolloutAway: 20 * time.Second, Election: 15 * time.Second}
	if got := subjectOf(r, c, w, 0, simulated); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestExpect: the store of the web stack, a quorum, has a higher availability in each profile than in the one before, and a
// higher cost.
func TestExpect(t *testing.T) {
	last := Expectation{Down: 1}
	for _, p := range []struct {
		name         string
		nodes, zones int
		pods, pairs  int
		disk         string
	}{{"web-single-node", 1, 0, 1, 0, "5Gi"}, {"web-multi-node", 3, 0, 3, 0, "15Gi"}, {"web-multi-zone", 3, 3, 3, 3, "15Gi"}} {
		s := verifytest.Load(t, filepath.Join("..", "..", "golden", p.name, "objects"))
		c, err := cluster.Uniform(p.nodes, p.zones)
		if err != nil {
			t.Fatal(err)
		}
		simulated, err := survival.Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range Expect(Default(), c, s, simulated) {
			switch e.Workload.Replication.Model {
			case workload.PerNode:
				if e.HasDown || e.Cost.Pods != p.nodes {
					t.Errorf("%s: %s: %+v", p.name, e.Workload, e)
				}
			case workload.Quorum:
				if !e.HasDown || e.Down >= last.Down || e.Down <= 0 || e.Cost.Pods != p.pods || e.Cost.ZonePairs != p.pairs || e.Cost.Disk.String() != p.disk {
					t.Errorf("%s: %+v, in the profile before %v", p.name, e, last.Down)
				}
				last = e
			}
		}
	}
}
