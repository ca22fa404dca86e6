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

// The golden cases are drained and rolled anyway; what verify says of it before is noted beside what came of it.

// verify is what holdfast verify says of the release as it runs, on its own nodes.
func (r *release) verify(t *testing.T) verdicts {
	t.Helper()
	return verifyRunning(t, r.namespace, writeNodes(t, r.namespace))
}

// note adds a check to those of the case.
func (r *release) note(t *testing.T, c agreement.Check) {
	t.Helper()
	if !c.Agrees() {
		t.Errorf("%s %s: verify says %q, the control plane does %q", c.Event, c.Target, c.Verify, c.Real)
	}
	r.compared.Checks = append(r.compared.Checks, c)
}

// total is how many pods there are of all workloads, as trial.counts says it of each.
func total(of map[string]count) string {
	all := count{}
	for _, c := range of {
		all = count{all.ready + c.ready, all.waits + c.waits}
	}
	return fmt.Sprintf("%d+%d", all.ready, all.waits)
}

// running are the pods of the release, but those of Jobs, and how many of them are ready and how many wait.
func (r *release) running(t *testing.T) ([]corev1.Pod, string) {
	t.Helper()
	pods, err := r.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return controller(p).Kind == "Job" })
	return pods, total(map[string]count{"": countOf(pods)})
}

// testAgrees: verify says of pods that run that they are where they are, and how many a node and a zone take.
func (r *release) testAgrees(t *testing.T) {
	now := r.verify(t)
	pods, real := r.running(t)
	checkPlaces(t, now, pods)
	r.note(t, agreement.Check{Event: agreement.Runs, Verify: total(now.rest()), Real: real})
	zones := map[string][]string{}
	for _, n := range r.nodes {
		zones[n.Zone] = append(zones[n.Zone], n.Name)
	}
	// Of a DaemonSet nobody misses the pod of a node that is gone.
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
		r.note(t, agreement.Check{Event: agreement.TakesOne, Target: n.Name, Verify: least("lose node", n.Name), Real: left(n.Name)})
	}
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		r.note(t, agreement.Check{Event: agreement.TakesAll, Target: zone, Verify: least("lose zone", zone), Real: left(zones[zone]...)})
	}
}

// agreeOnDrain asks verify of the drain of a node. What it returns notes that it came to its end.
func (r *release) agreeOnDrain(t *testing.T, node string) func() {
	t.Helper()
	now := r.verify(t)
	said := ends(now.scenario("drain node", node).Stuck == "")
	return func() {
		r.note(t, agreement.Check{Event: agreement.Drain, Target: node, Verify: said, Real: ends(true)})
	}
}

// agreeOnRolls asks verify of the roll of each workload. What it returns notes that all came to their end.
func (r *release) agreeOnRolls(t *testing.T) func() {
	t.Helper()
	now := r.verify(t)
	return func() {
		for _, s := range now.Scenarios {
			if s.Event == "roll" {
				r.note(t, agreement.Check{Event: agreement.Rollout, Target: s.Target, Verify: ends(s.Stuck == ""), Real: ends(true)})
			}
		}
	}
}
