package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// list is an ordered set of scenarios.
type list struct {
	// naive adds the system that follows public guidance, for comparison.
	naive   bool
	entries []entry
}

// entry is a failure, caused once for each group of nodes that targets selects.
type entry struct {
	failure func(r *runner, nodes ...string) scenario
	targets targets
}

// targets selects groups of nodes. It is called right before the failure, because the roles of nodes change with every failure.
type targets func(ctx context.Context, r *runner) ([][]string, error)

// lists are the scenario lists by name: "short" runs in CI, "long" produces docs/evidence. Failures with a small effect come first; the naive bus
// may never recover from a failed disk. The outage of the control plane is last: the longer the API server is away, the longer kubelets and
// kube-router wait between attempts to reach it. They may receive new pods more than a minute after its return (30 s and jitter: the backoff in
// client-go/tools/cache/reflector.go), and a following failure would coincide with that.
var lists = map[string]list{
	"short": {entries: []entry{
		{rolloutOfSources, noNode},
		{upgrade, noNode},
		{drain, leaderNode},
		{powerLoss, leaderNode},
		{powerLoss, firstZone},
		{controlPlaneOutage, noNode},
	}},
	// Parts of the long list, to run them alone.
	"power": {entries: []entry{
		{siteLoss, noNode},
	}},
	"disks": {entries: []entry{
		{diskFull, noNode},
		{diskReadOnly, followerNode},
		{networkLossAfterDisk, leaderNode},
	}},
	"secrets": {entries: []entry{
		{rotation, noNode},
	}},
	"leaves": {entries: []entry{
		{rolloutOfLeaves, noNode},
	}},
	"gate": {entries: []entry{
		{drainWithoutControlPlane, sensorNode},
	}},
	"long": {naive: true, entries: []entry{
		{noFailure, noNode},
		{rolloutOfSources, noNode},
		{rolloutOfSensors, noNode},
		{rolloutOfBus, noNode},
		{rolloutOfLeaves, noNode},
		{upgrade, noNode},
		{rotation, noNode},
		{drain, everyNode},
		{networkLoss, oneNode},
		{powerLoss, everyNode},
		{powerLoss, firstZone},
		{diskFull, noNode},
		{diskReadOnly, followerNode},
		{networkLossAfterDisk, leaderNode},
		{siteLoss, noNode},
		{drainWithoutControlPlane, sensorNode},
		{controlPlaneOutage, noNode},
	}},
}

// findList returns the list with a name.
func findList(name string) (list, error) {
	l, ok := lists[name]
	if !ok {
		return list{}, fmt.Errorf("unknown list %q: choose %s", name, strings.Join(slices.Sorted(maps.Keys(lists)), " or "))
	}
	return l, nil
}

// noNode is one empty group, for failures without a failed node.
func noNode(context.Context, *runner) ([][]string, error) { return [][]string{nil}, nil }

// everyNode is a group for each node.
func everyNode(ctx context.Context, r *runner) ([][]string, error) {
	zones, err := r.zones(ctx)
	if err != nil {
		return nil, err
	}
	var groups [][]string
	for _, node := range slices.Concat(zones...) {
		groups = append(groups, []string{node})
	}
	return groups, nil
}

// oneNode is a node of the second zone, whatever runs on it.
func oneNode(ctx context.Context, r *runner) ([][]string, error) {
	zones, err := r.zones(ctx)
	if err != nil {
		return nil, err
	}
	return [][]string{zones[1][:1]}, nil
}

// firstZone is the group of all nodes of the first zone.
func firstZone(ctx context.Context, r *runner) ([][]string, error) {
	zones, err := r.zones(ctx)
	if err != nil {
		return nil, err
	}
	return zones[:1], nil
}

// leaderNode is the node of the stream leader of the first system, sensorNode that of its active sensor. They wait while there is none.
func leaderNode(ctx context.Context, r *runner) ([][]string, error) {
	return r.nodeOf(ctx, "leader of default")
}

func sensorNode(ctx context.Context, r *runner) ([][]string, error) {
	return r.nodeOf(ctx, "active sensor")
}

// followerNode is a node with a bus server of the first system, and of others if possible, that leads the stream of none. It waits while a stream
// has no leader.
func followerNode(ctx context.Context, r *runner) ([][]string, error) {
	var best string
	err := until(ctx, patience, func(ctx context.Context) (string, error) {
		servers := map[string]int{}
		for i, s := range r.systems {
			if s.naive() {
				continue
			}
			roles, err := s.roles(ctx, r.kube)
			if err != nil {
				return "", err
			}
			leader := ""
			for node, all := range roles {
				if slices.Contains(all, "bus server") {
					servers[node] += len(r.systems) - i
				}
				if slices.Contains(all, "leader of default") {
					leader = node
				}
			}
			if leader == "" {
				return "the stream of " + s.Title + " has no leader", nil
			}
			servers[leader] -= 100 // never the best
		}
		best = ""
		for _, node := range slices.Sorted(maps.Keys(servers)) {
			if servers[node] > servers[best] {
				best = node
			}
		}
		return "", nil
	})
	if err == nil && best == "" {
		err = errors.New("every node with a bus server also leads a stream")
	}
	return [][]string{{best}}, err
}

// nodeOf returns the node of the pod of the first system with a role.
func (r *runner) nodeOf(ctx context.Context, role string) ([][]string, error) {
	s, node := r.systems[0], ""
	err := until(ctx, patience, func(ctx context.Context) (string, error) {
		roles, err := s.roles(ctx, r.kube)
		if err != nil {
			return "", err
		}
		for name, all := range roles {
			if slices.Contains(all, role) {
				node = name
				return "", nil
			}
		}
		return s.Title + " has no " + role, nil
	})
	return [][]string{{node}}, err
}

// zones returns the nodes that may fail: a group for each zone, in the order of zone names.
func (r *runner) zones(ctx context.Context) ([][]string, error) {
	found, err := r.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	byZone := map[string][]string{}
	for _, n := range found.Items {
		zone := n.Labels["topology.kubernetes.io/zone"]
		if len(n.Spec.Taints) == 0 && zone != "" {
			byZone[zone] = append(byZone[zone], n.Name)
		}
	}
	if len(byZone) != 3 {
		return nil, fmt.Errorf("schedulable nodes are in %d zones, want 3: %v", len(byZone), byZone)
	}
	var zones [][]string
	for _, zone := range slices.Sorted(maps.Keys(byZone)) {
		slices.Sort(byZone[zone])
		zones = append(zones, byZone[zone])
	}
	return zones, nil
}
