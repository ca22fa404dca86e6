package live

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// scenarios are all failures that are played, in this order.
func (st *stage) scenarios(ctx context.Context) ([]scenario, error) {
	zones, err := st.zones(ctx)
	if err != nil {
		return nil, err
	}
	// The gentle ones first.
	all := []scenario{
		{name: "steady", lasts: 15 * time.Second},
		st.roll("the sources roll", "deployment", func(*System) string { return "eventsource-name=load" }),
		st.roll("the sensors roll", "deployment", func(*System) string { return "sensor-name=load" }),
		st.roll("the bus rolls", "statefulset", func(s *System) string { return s.busPods }),
		st.upgrade(),
	}
	for _, node := range slices.Concat(zones...) {
		all = append(all, st.drain(node))
	}
	all = append(all, st.partition(zones[1][0]))
	for _, node := range slices.Concat(zones...) {
		all = append(all, st.power("a node loses power", node))
	}
	all = append(all, st.power("a zone loses power", zones[0]...))
	// Last, for kubelets and those who enforce policies ask the more seldom for an API server the longer it is away, and may hear of new
	// pods more than a minute after it is back: the next failure would be one of two (the backoff in reflector.go of client-go/tools/cache,
	// 30 s and as much again).
	all = append(all, scenario{name: "the control plane is away for a minute", fail: st.cluster.StopControlPlane, lasts: time.Minute, end: st.cluster.StartControlPlane})
	return all, nil
}

// What is asked, in seconds. A dead leader is missed after 4 to 9 s (raft.go: minElectionTimeout, maxElectionTimeout); one that is told to go hands
// over at once. A sensor's lease is another's after 15 s.
var (
	elects    = evidence.Asked{Bus: 10, Sensor: 30}
	handsOver = evidence.Asked{Bus: 1, Sensor: 30}
)

// slack is what a machine may add that has no time for all that moves on it. Who has lost a quorum, or has no heir, takes longer: until a node
// or a pod is back. Evidence says what took longer than is asked.
const slack = 10

// zones lists the nodes that may fail, by zone.
func (st *stage) zones(ctx context.Context) ([][]string, error) {
	list, err := st.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	byZone := map[string][]string{}
	var order []string
	for _, n := range list.Items {
		zone := n.Labels["topology.kubernetes.io/zone"]
		if len(n.Spec.Taints) > 0 || zone == "" {
			continue
		}
		if byZone[zone] == nil {
			order = append(order, zone)
		}
		byZone[zone] = append(byZone[zone], n.Name)
	}
	slices.Sort(order)
	var zones [][]string
	for _, zone := range order {
		slices.Sort(byZone[zone])
		zones = append(zones, byZone[zone])
	}
	if len(zones) != 3 {
		return nil, fmt.Errorf("there are nodes in %d zones, want 3: %v", len(zones), byZone)
	}
	return zones, nil
}

// power takes the power of nodes, and gives it back.
func (st *stage) power(name string, nodes ...string) scenario {
	event := evidence.LoseNode
	if len(nodes) > 1 {
		event = evidence.LoseZone
	}
	return scenario{name: name, nodes: nodes, event: event, lasts: 30 * time.Second, asked: elects, zone: len(nodes) > 1,
		fail: func(ctx context.Context) error { return st.cluster.Kill(ctx, nodes...) },
		end:  func(ctx context.Context) error { return st.cluster.Boot(ctx, nodes...) }}
}

// partition takes a node off the network.
func (st *stage) partition(node string) scenario {
	return scenario{name: "a node is cut off", nodes: []string{node}, event: evidence.LoseNode, lasts: 30 * time.Second, asked: elects,
		fail: func(ctx context.Context) error { return st.cluster.Cut(ctx, node) },
		end:  func(ctx context.Context) error { return st.cluster.Heal(ctx, node) }}
}

// drain empties a node as an administrator does, and takes it into service again.
func (st *stage) drain(node string) scenario {
	do := func(args ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := st.kube.run(ctx, st.kube.kubectl, "", args...)
			return err
		}
	}
	return scenario{name: "a node is drained", nodes: []string{node}, event: evidence.DrainNode, asked: handsOver,
		fail: do("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout="+patience.String()),
		end:  do("uncordon", node)}
}

// inTurn does something to each system, some seconds apart: what starts at once waits for the machine and not for itself.
func (st *stage) inTurn(do func(*System) error) error {
	for i, s := range st.systems {
		if i > 0 {
			time.Sleep(8 * time.Second)
		}
		if err := do(s); err != nil {
			return err
		}
	}
	return nil
}

// roll restarts a workload of every system.
func (st *stage) roll(name, kind string, selector func(*System) string) scenario {
	return scenario{name: name, asked: handsOver, fail: func(ctx context.Context) error {
		return st.inTurn(func(s *System) error {
			out, err := st.kube.run(ctx, st.kube.kubectl, "", "rollout", "restart", kind, "-n", s.Name, "-l", selector(s))
			if err != nil {
				return err
			}
			if out == "" {
				return fmt.Errorf("%s has no %s with %s to restart", s.Name, kind, selector(s))
			}
			return nil
		})
	}}
}

// upgrade changes bus, source and sensor in one go, as a new version of the chart does.
func (st *stage) upgrade() scenario {
	return scenario{name: "everything is upgraded", asked: handsOver, fail: func(ctx context.Context) error {
		if err := st.inTurn(func(s *System) error { return s.upgrade(ctx, st.kube, st.files.chart) }); err != nil {
			return err
		}
		// The controller has to hear of it before anything rolls.
		for _, s := range st.systems {
			if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.outdated(ctx, st.kube) }); err != nil {
				return fmt.Errorf("%w%s%s", err, s.describe(ctx, st.kube), s.controllerLog(ctx, st.kube))
			}
		}
		return nil
	}}
}
