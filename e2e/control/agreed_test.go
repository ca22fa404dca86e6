package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	corev1 "k8s.io/api/core/v1"
)

// This file compares the predictions of verify with the drains and rollouts of the golden cases.

// verify returns the report of holdfast verify on the running release and its own nodes.
func (r *release) verify(t *testing.T) verdicts {
	t.Helper()
	return verifyRunning(t, r.namespace, writeNodes(t, r.namespace))
}

// note records a check of the case.
func (r *release) note(t *testing.T, c agreement.Check) {
	t.Helper()
	if !c.Agrees() {
		t.Errorf("%s %s: verify predicts %q, outcome on the control plane: %q", c.Event, c.Target, c.Verify, c.Real)
	}
	r.compared.Checks = append(r.compared.Checks, c)
}

// total formats the sums of all workloads like trial.counts.
func total(of map[string]count) string {
	all := count{}
	for _, c := range of {
		all = count{all.ready + c.ready, all.pending + c.pending}
	}
	return fmt.Sprintf("%d+%d", all.ready, all.pending)
}

// running returns the pods of the release without Jobs, and the formatted numbers of ready and Pending ones.
func (r *release) running(t *testing.T) ([]corev1.Pod, string) {
	t.Helper()
	pods, err := r.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return controller(p).Kind == "Job" })
	return pods, total(map[string]count{"": countOf(pods)})
}

// testAgrees: verify reads the placement of running pods, and counts the pods on a node and in a zone.
func (r *release) testAgrees(t *testing.T) {
	now := r.verify(t)
	pods, real := r.running(t)
	checkPlaces(t, now, pods)
	r.note(t, agreement.Check{Event: agreement.Running, Verify: total(now.steady()), Real: real})
	zones := map[string][]string{}
	for _, n := range r.nodes {
		zones[n.Zone] = append(zones[n.Zone], n.Name)
	}
	// A DaemonSet needs no pod on a failed node.
	left := func(nodes ...string) string {
		return total(map[string]count{"": countOf(slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool {
			return slices.Contains(nodes, p.Spec.NodeName) || controller(p).Kind == "DaemonSet"
		}))})
	}
	least := func(event, target string) string {
		of := now.least(event, target)
		maps.DeleteFunc(of, func(name string, _ count) bool { return strings.HasPrefix(name, "DaemonSet ") })
		return total(of)
	}
	for _, n := range r.nodes {
		r.note(t, agreement.Check{Event: agreement.PodsOnNode, Target: n.Name, Verify: least("lose node", n.Name), Real: left(n.Name)})
	}
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		r.note(t, agreement.Check{Event: agreement.PodsInZone, Target: zone, Verify: least("lose zone", zone), Real: left(zones[zone]...)})
	}
}

// agreeOnDrain predicts the drain of a node. The returned function records that the drain has ended.
func (r *release) agreeOnDrain(t *testing.T, node string) func() {
	t.Helper()
	now := r.verify(t)
	predicted := ends(now.scenario("drain node", node).Blocked == "")
	return func() {
		r.note(t, agreement.Check{Event: agreement.Drain, Target: node, Verify: predicted, Real: ends(true)})
	}
}

// agreeOnRollouts predicts the rollout of each workload. The returned function records that all rollouts have ended.
func (r *release) agreeOnRollouts(t *testing.T) func() {
	t.Helper()
	now := r.verify(t)
	return func() {
		for _, s := range now.Scenarios {
			if s.Event == "roll" {
				r.note(t, agreement.Check{Event: agreement.Rollout, Target: s.Target, Verify: ends(s.Blocked == ""), Real: ends(true)})
			}
		}
	}
}
