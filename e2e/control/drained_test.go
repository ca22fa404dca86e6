package control

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func ownNodes(namespace string) string { return cluster.Owner + "=" + namespace }

// testDrained: kubectl drain empties every node, one after the other, and at no time has a budget fewer healthy pods than
// it promises.
func (r *release) testDrained(t *testing.T) {
	ctx := t.Context()
	kubectl, err := binaries.Path("kubectl")
	if err != nil {
		t.Fatal(err)
	}
	watch := r.watchBudgets(t)
	evicted := 0
	start := time.Now()
	uncordon := func(node string) {
		patch := []byte(`{"spec":{"unschedulable":false}}`)
		if _, err := kube.Kube.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range r.nodes {
		before, err := r.podsOn(ctx, node.Name)
		if err != nil {
			t.Fatal(err)
		}
		agree := r.agreeOnDrain(t, node.Name)
		// Longer than the two minutes for which a budget may count an evicted pod as still there (pkg/controller/disruption: DeletionTimeout).
		if _, err := cases.Output(kubectl, "--kubeconfig", kube.Kubeconfig(), "drain", node.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"); err != nil {
			uncordon(node.Name)
			t.Fatal(err)
		}
		left, err := r.podsOn(ctx, node.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Errorf("after the drain there are on node %s: %v", node.Name, left)
		}
		evicted += len(before)
		uncordon(node.Name)
		if err := r.eventually(func() error { return r.settled(ctx) }); err != nil {
			t.Fatalf("after the drain of node %s: %v", node.Name, err)
		}
		agree()
	}
	if evicted == 0 {
		t.Error("there was no pod to evict")
	}
	t.Logf("%d nodes drained in %s, %d pods evicted; %s", len(r.nodes), time.Since(start).Round(time.Second), evicted, watch())
}

// podsOn returns the names of the pods on a node that a drain has to move.
func (r *release) podsOn(ctx context.Context, node string) (names []string, err error) {
	pods, err := r.pods(ctx)
	for _, p := range pods {
		if p.Spec.NodeName == node && controller(p).Kind != "DaemonSet" && p.Status.Phase != corev1.PodSucceeded {
			names = append(names, p.Name)
		}
	}
	return names, err
}

// watchBudgets watches the budgets of the release. What it returns ends that, and says what was seen; a broken budget is an
// error of the test.
func (r *release) watchBudgets(t *testing.T) func() string {
	t.Helper()
	budgets, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range budgets.Items {
		if b.Status.DesiredHealthy < 1 || b.Status.CurrentHealthy < b.Status.DesiredHealthy || b.Status.ObservedGeneration != b.Generation {
			t.Errorf("budget %s is broken before anything has happened: %+v", b.Name, b.Status)
		}
	}
	watching, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).Watch(t.Context(), metav1.ListOptions{ResourceVersion: budgets.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	var broken []string
	states := 0
	tightest := map[string]int32{}
	done.Go(func() {
		for event := range watching.ResultChan() {
			b, is := event.Object.(*policyv1.PodDisruptionBudget)
			if !is {
				continue
			}
			states++
			tightest[b.Name] = min(tightest[b.Name], b.Status.CurrentHealthy-b.Status.ExpectedPods)
			if b.Status.CurrentHealthy < b.Status.DesiredHealthy {
				broken = append(broken, fmt.Sprintf("%s: %d healthy, %d promised", b.Name, b.Status.CurrentHealthy, b.Status.DesiredHealthy))
			}
		}
	})
	return func() string {
		watching.Stop()
		done.Wait()
		for _, b := range slices.Compact(broken) {
			t.Errorf("a budget was broken: %s", b)
		}
		away := int32(0)
		for _, n := range tightest {
			away = min(away, n)
		}
		return fmt.Sprintf("%d budgets kept, %d changes of their state seen, at most %d pods away at a time", len(budgets.Items), states, -away)
	}
}
