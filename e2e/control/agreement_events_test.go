package control

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// testRuns: verify reads the placement of running pods, and counts the pods of each workload on a node and in a zone.
func (r *trial) testRuns() {
	r.t.Helper()
	now := r.verify()
	pods := r.pods()
	r.note(agreement.Check{Event: agreement.Running, Verify: r.counts(now.steady()), Real: r.real(pods)}, nil)
	checkPlaces(r.t, now, pods)
	for _, n := range r.Nodes {
		left := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return p.Spec.NodeName == n.Name || p.Spec.NodeName == "" })
		r.note(agreement.Check{Event: agreement.PodsOnNode, Target: n.Name, Verify: r.counts(now.least("lose node", n.Name)), Real: r.real(left)}, nil)
	}
	zones := map[string]string{}
	for _, n := range r.Nodes {
		zones[n.Name] = n.Zone
	}
	for _, z := range r.Zones {
		left := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return zones[p.Spec.NodeName] == z || p.Spec.NodeName == "" })
		r.note(agreement.Check{Event: agreement.PodsInZone, Target: z, Verify: r.counts(now.least("lose zone", z)), Real: r.real(left)}, nil)
	}
}

// notEnds begins the outcome of a blocked drain or rollout.
const notEnds = "does not end"

func ends(done bool) string {
	if done {
		return agreement.Ends
	}
	return notEnds
}

// others returns the outcomes that verify names for the orders of events in which a scenario may end differently, with the order.
func others(s scenario, predicted func(ordered) string) map[string]string {
	all := map[string]string{}
	for _, o := range s.Orders {
		if outcome := predicted(o); all[outcome] == "" {
			all[outcome] = o.If
		}
	}
	return all
}

// orders returns the outcomes that verify names for the orders in which the steady state may be different.
func (r *trial) orders(v verdicts) map[string]string {
	return others(v.scenario("rest", ""), func(o ordered) string { return r.counts(v.after(o)) })
}

// testDrain drains a node, and uncordons it afterwards.
func (r *trial) testDrain(node string) {
	r.t.Helper()
	now := r.verify()
	s := now.scenario("drain node", node)
	predicted := func(s ordered) string { return ends(s.Blocked == "") + ": " + r.counts(now.after(s)) }
	c := agreement.Check{Event: agreement.Drain, Target: node, Verify: predicted(s.ordered), Proven: now.proven()}
	kubectl, err := binaries.Path("kubectl")
	r.must(err)
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, kubectl, "--kubeconfig", kube.Kubeconfig(), "drain", node, "--ignore-daemonsets", "--delete-emptydir-data")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	r.must(cmd.Start())
	var drainErr error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		drainErr = cmd.Wait()
	}()
	r.compare(c, others(s, predicted), func(pods []corev1.Pod) string {
		done := false
		select {
		case <-ended:
			done = drainErr == nil
			if strings.Contains(output.String(), "request did not complete within requested timeout") {
				r.t.Fatalf("the API server is too busy for a comparison; repeat with a smaller -at-once: %s", output.String())
			}
		default:
		}
		return ends(done) + ": " + r.real(pods)
	})
	cancel()
	<-ended
	if r.t.Failed() {
		r.t.Logf("kubectl drain %s: %s\nverify: %s", node, output.String(), s.Blocked)
	}
	r.uncordon(node)
	r.steady()
}

// uncordon makes a node schedulable, and waits until the controller has removed its taint.
func (r *trial) uncordon(node string) {
	r.t.Helper()
	nodes := kube.Kube.CoreV1().Nodes()
	_, err := nodes.Patch(r.t.Context(), node, types.MergePatchType, []byte(`{"spec":{"unschedulable":null}}`), metav1.PatchOptions{})
	r.must(err)
	r.must(cluster.Eventually(r.t.Context(), patience, func() error {
		n, err := nodes.Get(r.t.Context(), node, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable }) {
			return fmt.Errorf("node %s still has the taint", node)
		}
		return nil
	}))
}

// rolledOut is an annotation in the new template of a rollout.
const rolledOut = "holdfast.example/rolled"

// testRollout changes the template of a workload.
func (r *trial) testRollout(w agreement.Workload) {
	r.t.Helper()
	now := r.verify()
	s := now.scenario("roll", r.key(w))
	predicted := func(s ordered) string { return ends(s.Blocked == "") + ": " + r.counts(now.after(s)) }
	c := agreement.Check{Event: agreement.Rollout, Target: w.Kind + " " + w.Name, Verify: predicted(s.ordered), Proven: now.proven()}
	patch := []byte(fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:"yes"}}}}}`, rolledOut))
	i := slices.IndexFunc(r.objects, func(o cases.Object) bool { return o.Kind() == w.Kind && o.Name() == w.Name })
	collection, err := resource(r.objects[i].APIVersion(), w.Kind, r.Name)
	r.must(err)
	_, err = collection.Patch(r.t.Context(), w.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	r.must(err)
	done := false
	r.compare(c, others(s, predicted), func(pods []corev1.Pod) string {
		updated, old := 0, 0
		for _, p := range w.Own(pods) {
			ordinal, err := strconv.Atoi(p.Labels[appsv1.PodIndexLabel])
			switch {
			case p.DeletionTimestamp != nil || err == nil && ordinal < w.Partition:
			case p.Annotations[rolledOut] != "yes":
				old++
			case isReady(p):
				updated++
			}
		}
		done = updated >= w.Replicas-w.Partition && old == 0
		return ends(done) + ": " + r.real(pods)
	})
	if r.t.Failed() {
		r.t.Logf("rollout of %s: verify: %s", w.Name, s.Blocked)
	}
	if !done {
		r.recreate(w)
	}
}

// recreate deletes and creates a workload: a blocked rollout may stay blocked with any template.
func (r *trial) recreate(w agreement.Workload) {
	r.t.Helper()
	i := slices.IndexFunc(r.objects, func(o cases.Object) bool { return o.Kind() == w.Kind && o.Name() == w.Name })
	r.must(remove(r.t.Context(), r.Name, r.objects[i]))
	r.must(cluster.Eventually(r.t.Context(), patience, func() error {
		if left := w.Own(r.pods()); len(left) > 0 {
			return fmt.Errorf("%d pods of %s still exist", len(left), w.Name)
		}
		return nil
	}))
	_, err := apply(r.t.Context(), r.Name, r.objects[i])
	r.must(err)
	r.steady()
}

// testFailure cuts the power of a node, or of all nodes of a zone, for good.
func (r *trial) testFailure() {
	r.t.Helper()
	c := agreement.Check{Event: agreement.NodeFailure, Target: r.fullest()}
	if r.ZoneFails {
		c = agreement.Check{Event: agreement.ZoneFailure, Target: r.Zones[0]}
	}
	for _, n := range r.Nodes {
		if n.Name == c.Target || n.Zone == c.Target {
			r.failed[n.Name] = true
		}
	}
	if len(r.failed) == len(r.Nodes) {
		return // a control plane without healthy nodes behaves differently, and this one has the nodes of other tests
	}
	now := r.verify()
	event := map[string]string{agreement.NodeFailure: "lose node", agreement.ZoneFailure: "lose zone"}[c.Event]
	s := now.scenario(event, c.Target)
	predicted := func(s ordered) string { return r.counts(now.after(s)) }
	c.Verify = predicted(s.ordered)
	for n := range r.failed {
		r.must(kube.CutPower(r.t.Context(), n))
	}
	r.compare(c, others(s, predicted), func(pods []corev1.Pod) string {
		for _, p := range pods {
			if r.failed[p.Spec.NodeName] && p.DeletionTimestamp == nil && (isEvicted(p) || isReady(p)) {
				return notYet // the node is not Unreachable yet
			}
		}
		return r.real(pods)
	})
}

// fullest returns the node with the most pods.
func (r *trial) fullest() string {
	r.t.Helper()
	count := map[string]int{}
	for _, p := range r.pods() {
		count[p.Spec.NodeName]++
	}
	return slices.MaxFunc(r.Nodes, func(a, b cluster.Node) int { return count[a.Name] - count[b.Name] }).Name
}

// isEvicted reports whether a pod is evicted from an Unreachable node after some time.
func isEvicted(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Tolerations, func(t corev1.Toleration) bool {
		return t.Key == corev1.TaintNodeUnreachable && t.TolerationSeconds != nil
	})
}
