package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// budgets finds PodDisruptionBudgets of all namespaces that allow no eviction, select no pod, or select the same pod.
var budgets = Check{
	ID: "budgets", Title: "Budgets of all namespaces allow drains", Reads: []snapshot.Resource{snapshot.Budgets, snapshot.Pods},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		pods := map[string][]*corev1.Pod{}
		for _, p := range s.Pods {
			if !isDone(p) {
				pods[p.Namespace] = append(pods[p.Namespace], p)
			}
		}
		selecting := map[*corev1.Pod][]string{}
		for _, b := range s.Budgets {
			selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
			if err != nil {
				selector = labels.Nothing()
			}
			selected := filter(pods[b.Namespace], func(p *corev1.Pod) bool { return selector.Matches(labels.Set(p.Labels)) })
			for _, p := range selected {
				selecting[p] = append(selecting[p], b.Name)
			}
			findings = append(findings, budgetFindings(b, len(selected))...)
		}
		return count(len(s.Budgets), "budget"), append(findings, overlaps(s.Pods, selecting)...)
	},
}

// isDone reports whether a pod has ended: budgets and the scheduler ignore it.
func isDone(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// budgetFindings reads the status that the disruption controller has set (pkg/controller/disruption/disruption.go, v1.36). The
// eviction API refuses all pods of a budget while the status is older than the spec (pkg/registry/core/pod/storage/eviction.go).
func budgetFindings(b *policyv1.PodDisruptionBudget, selected int) []Finding {
	object := "PodDisruptionBudget " + b.Namespace + "/" + b.Name
	status := b.Status
	failed := meta.FindStatusCondition(status.Conditions, policyv1.DisruptionAllowedCondition)
	switch {
	case selected == 0:
		return []Finding{{Warn, object, "selects no pod: it protects nothing", "correct its selector, or delete it"}}
	case status.ObservedGeneration < b.Generation:
		return []Finding{{Fail, object, "its status is older than its spec: the eviction API refuses all evictions until kube-controller-manager has updated it",
			"check kube-controller-manager"}}
	case failed != nil && failed.Reason == policyv1.SyncFailedReason:
		return []Finding{{Fail, object, "allows no eviction: the controller cannot count its pods: " + failed.Message,
			"select pods of Deployments, ReplicaSets and StatefulSets only, or use minAvailable with a number"}}
	case status.DisruptionsAllowed > 0:
		return nil
	case status.ExpectedPods > 0 && status.DesiredHealthy >= status.ExpectedPods:
		return []Finding{{Fail, object, fmt.Sprintf("never allows an eviction: it requires %d of %s, so every drain of their nodes is blocked", status.DesiredHealthy, count(int(status.ExpectedPods), "pod")),
			"allow one disruption (maxUnavailable: 1), and run a second replica"}}
	}
	return []Finding{{Warn, object, fmt.Sprintf("allows no eviction now: %d of %s are healthy, %d are required", status.CurrentHealthy, count(int(status.ExpectedPods), "pod"), status.DesiredHealthy),
		"repair its pods: kubectl get pods -n " + b.Namespace}}
}

// overlaps finds pods of several budgets, once per set of budgets. The eviction API answers with status 500 (same file).
func overlaps(pods []*corev1.Pod, selecting map[*corev1.Pod][]string) (findings []Finding) {
	seen := map[string]bool{}
	for _, p := range pods {
		names := selecting[p]
		key := p.Namespace + "/" + strings.Join(names, " ")
		if len(names) < 2 || seen[key] {
			continue
		}
		seen[key] = true
		findings = append(findings, Finding{
			Status: Fail, Object: "PodDisruptionBudget " + p.Namespace + "/" + names[0],
			Message: fmt.Sprintf("selects the same pods as %s, such as Pod %s: the eviction API refuses them, so every drain of their nodes is blocked", strings.Join(names[1:], ", "), p.Name),
			Fix:     "leave one budget for each pod",
		})
	}
	return findings
}
