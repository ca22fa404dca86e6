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

// testDrained: kubectl drain empties every node, one after the other, and no budget is violated.
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
		if _, err := cases.Output(kubectl, "--kubeconfig", kube.Kubeconfig(), "drain", node.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout="+patience.String()); err != nil {
			uncordon(node.Name)
			t.Fatal(err)
		}
		left, err := r.podsOn(ctx, node.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Errorf("pods on node %s after the drain: %v", node.Name, left)
		}
		evicted += len(before)
		uncordon(node.Name)
		if err := r.eventually(func() error { return r.settled(ctx) }); err != nil {
			t.Fatalf("after the drain of node %s: %v", node.Name, err)
		}
		agree()
	}
	if evicted == 0 {
		t.Error("no pod was evicted")
	}
	t.Logf("%d nodes drained in %s, %d pods evicted; %s", len(r.nodes), time.Since(start).Round(time.Second), evicted, watch())
}

// podsOn returns the names of the pods on a node that a drain evicts.
func (r *release) podsOn(ctx context.Context, node string) (names []string, err error) {
	pods, err := r.pods(ctx)
	for _, p := range pods {
		if p.Spec.NodeName == node && controller(p).Kind != "DaemonSet" && p.Status.Phase != corev1.PodSucceeded {
			names = append(names, p.Name)
		}
	}
	return names, err
}

// watchBudgets watches the budgets of the release. The returned function stops it and returns a summary. A violated budget fails the test.
func (r *release) watchBudgets(t *testing.T) func() string {
	t.Helper()
	budgets, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range budgets.Items {
		if b.Status.DesiredHealthy < 1 || b.Status.CurrentHealthy < b.Status.DesiredHealthy || b.Status.ObservedGeneration != b.Generation {
			t.Errorf("budget %s is violated at the beginning: %+v", b.Name, b.Status)
		}
	}
	watching, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).Watch(t.Context(), metav1.ListOptions{ResourceVersion: budgets.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	var violated []string
	states := 0
	tightest := map[string]int32{}
	done.Go(func() {
		for event := range watching.ResultChan() {
			b, ok := event.Object.(*policyv1.PodDisruptionBudget)
			if !ok {
				continue
			}
			states++
			tightest[b.Name] = min(tightest[b.Name], b.Status.CurrentHealthy-b.Status.ExpectedPods)
			if b.Status.CurrentHealthy < b.Status.DesiredHealthy {
				violated = append(violated, fmt.Sprintf("%s: %d healthy pods, want %d", b.Name, b.Status.CurrentHealthy, b.Status.DesiredHealthy))
			}
		}
	})
	return func() string {
		watching.Stop()
		done.Wait()
		for _, b := range slices.Compact(violated) {
			t.Errorf("violated budget: %s", b)
		}
		unavailable := int32(0)
		for _, n := range tightest {
			unavailable = min(unavailable, n)
		}
		return fmt.Sprintf("%d budgets, %d changes of their status, at most %d pods unavailable at a time", len(budgets.Items), states, -unavailable)
	}
}
