package survival

import (
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// racks returns six nodes in one zone and three racks, and a kind of failure domain with one domain for each node.
func racks(t *testing.T) (c cluster.Cluster, rack, host cluster.Domain) {
	t.Helper()
	c, err := cluster.Parse("c.yaml", []byte(`
nodes:
  - {name: a, count: 2, zone: z, labels: {example.org/rack: r1}}
  - {name: b, count: 2, zone: z, labels: {example.org/rack: r2}}
  - {name: c, count: 2, zone: z, labels: {example.org/rack: r3}}
`))
	if err != nil {
		t.Fatal(err)
	}
	rack, host = cluster.Domain{Name: "rack", Label: "example.org/rack"}, cluster.Domain{Name: "host", Label: cluster.HostLabel}
	c.Domains = []cluster.Domain{rack, host}
	return c, rack, host
}

// TestRackFailures: a quorum of three that is spread over racks survives the failure of each rack; one that is spread
// over nodes alone does not.
func TestRackFailures(t *testing.T) {
	c, rack, _ := racks(t)
	spread := func(key string) string {
		return "topologySpreadConstraints: [{maxSkew: 1, topologyKey: " + key + ", whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: a}}}]"
	}
	for key, survives := range map[string]bool{rack.Label: true, cluster.HostLabel: false} {
		s := verifytest.Read(t, "m.yaml", simtest.Workload("StatefulSet", "a", "", spread(key)))
		s.Workloads[0].Replication.Model = workload.Quorum
		r, err := Simulate(t.Context(), c, s)
		if err != nil {
			t.Fatal(err)
		}
		failures := 0
		for _, value := range c.Values(rack) {
			lost := scenario(t, r, "lose rack", value)
			if len(lost.Nodes) != 2 {
				t.Errorf("rack %s has nodes %v, want two", value, lost.Nodes)
			}
			if !lost.Outcomes[0].Serves() {
				failures++
			}
		}
		if survives != (failures == 0) {
			t.Errorf("spread over %s: the failure of %d racks interrupts the workload, survives: want %t", key, failures, survives)
		}
	}
}

// TestDomainOrder: failures come in the order of the failure domains, before drains. A domain with the nodes of another
// one is simulated under its own name.
func TestDomainOrder(t *testing.T) {
	c, rack, host := racks(t)
	r, err := Simulate(t.Context(), c, verifytest.Read(t, "m.yaml", simtest.Workload("Deployment", "a", "", "")))
	if err != nil {
		t.Fatal(err)
	}
	var order []Event
	targets := map[Event][]string{}
	for _, s := range r.Scenarios {
		if !slices.Contains(order, s.Event) {
			order = append(order, s.Event)
		}
		targets[s.Event] = append(targets[s.Event], s.Target)
	}
	if want := []Event{SteadyState, LoseNode, LoseZone, LoseDomain(rack), LoseDomain(host), DrainNode}; !slices.Equal(order[:len(want)], want) {
		t.Errorf("order of events %q, want %q first", order, want)
	}
	if got, want := targets[LoseDomain(host)], []string{"a-1", "a-2", "b-1", "b-2", "c-1", "c-2"}; !slices.Equal(got, want) {
		t.Errorf("failures of hosts %q, want %q", got, want)
	}
	if got, want := targets[LoseDomain(rack)], []string{"r1", "r2", "r3"}; !slices.Equal(got, want) {
		t.Errorf("failures of racks %q, want %q", got, want)
	}
}
