package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// testSelected: selectors match the intended pods. A replicated workload has one budget; a workload with one pod has none, because a budget would
// block every drain or protect nothing. Every pod has a NetworkPolicy, and its spread constraints match the pod itself. Every budget and policy
// matches a pod.
func (r *release) testSelected(t *testing.T) {
	ctx := t.Context()
	pods, err := r.pods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	workloads, err := r.workloads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	budgets, err := kube.Kube.PolicyV1().PodDisruptionBudgets(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	policies, err := kube.Kube.NetworkingV1().NetworkPolicies(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	budgeted, selectors := map[string]*metav1.LabelSelector{}, map[string]*metav1.LabelSelector{}
	for _, b := range budgets.Items {
		budgeted["PodDisruptionBudget "+b.Name] = b.Spec.Selector
	}
	for _, p := range policies.Items {
		selectors["NetworkPolicy "+p.Name] = &p.Spec.PodSelector
	}
	unused := maps.Clone(budgeted)
	maps.Copy(unused, selectors)
	byBudget, byPolicy, bySelf := 0, 0, 0
	for _, p := range pods {
		byBudgets, byPolicies := matching(t, budgeted, p), matching(t, selectors, p)
		for _, name := range slices.Concat(byBudgets, byPolicies) {
			delete(unused, name)
		}
		w := workloadOf(t, workloads, p)
		if w == nil {
			continue
		}
		want := 0
		if w.replicas > 1 && w.kind != "DaemonSet" {
			want = 1
		}
		if len(byBudgets) != want {
			t.Errorf("pod %s, one of %d: got %d matching budgets, want %d: %v", p.Name, w.replicas, len(byBudgets), want, byBudgets)
		}
		// Pods of helm test, which run for seconds, have no policy.
		if len(byPolicies) == 0 && !strings.Contains(p.Name, "-test-") {
			t.Errorf("pod %s: no network policy matches it", p.Name)
		}
		byBudget, byPolicy = byBudget+len(byBudgets), byPolicy+len(byPolicies)
		bySelf += r.testOwnSelectors(t, p)
	}
	for name := range unused {
		t.Errorf("%s matches no pod", name)
	}
	t.Logf("%d pods: %d of them match one of %d budgets, %d matches of %d network policies, %d constraints match their own pod",
		len(pods), byBudget, len(budgets.Items), byPolicy, len(policies.Items), bySelf)
}

// testOwnSelectors: anti-affinity and spread constraints of a pod match the pod itself. It returns their number.
func (r *release) testOwnSelectors(t *testing.T, p corev1.Pod) int {
	own := map[string]*metav1.LabelSelector{}
	if affinity := p.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
		for i, term := range affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			own[fmt.Sprintf("anti-affinity %d (%s)", i, term.TopologyKey)] = term.LabelSelector
		}
		for i, term := range affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			own[fmt.Sprintf("preferred anti-affinity %d (%s)", i, term.PodAffinityTerm.TopologyKey)] = term.PodAffinityTerm.LabelSelector
		}
	}
	for i, spread := range p.Spec.TopologySpreadConstraints {
		own[fmt.Sprintf("spread %d (%s)", i, spread.TopologyKey)] = spread.LabelSelector
	}
	found := matching(t, own, p)
	if len(found) != len(own) {
		t.Errorf("pod %s: of its constraints %v, only %v match it", p.Name, slices.Sorted(maps.Keys(own)), found)
	}
	return len(own)
}

// matching returns the names of the selectors that match a pod.
func matching(t *testing.T, selectors map[string]*metav1.LabelSelector, p corev1.Pod) (names []string) {
	t.Helper()
	for name, s := range selectors {
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if selector.Matches(labels.Set(p.Labels)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// workloadOf returns the workload of a pod, nil for pods of Jobs and unmanaged pods.
func workloadOf(t *testing.T, workloads []workload, p corev1.Pod) *workload {
	t.Helper()
	owner := controller(p)
	// The name of a ReplicaSet is that of its Deployment and a hash.
	name := owner.Name
	switch owner.Kind {
	case "ReplicaSet":
		owner.Kind, name = "Deployment", name[:strings.LastIndex(name, "-")]
	case "", "Job":
		return nil
	}
	at := slices.IndexFunc(workloads, func(w workload) bool { return w.kind == owner.Kind && w.name == name })
	if at < 0 {
		t.Errorf("pod %s: %s %s not found", p.Name, owner.Kind, name)
		return nil
	}
	return &workloads[at]
}
