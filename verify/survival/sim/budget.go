package sim

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

func (b *budget) selects(p *corev1.Pod) bool {
	return b.Object.Namespace == p.Namespace && b.PodSelector.Matches(labels.Set(p.Labels))
}

// status is the status that the disruption controller computes: healthy, desired and expected pods. Invalid is the
// reason why it cannot compute one, "" if it can (getExpectedPodCount and countHealthyPods in
// pkg/controller/disruption/disruption.go).
func (b *budget) status() (healthy, desired, expected int, invalid string) {
	var owners []*Controller
	for _, p := range b.pods {
		if p.state == ready {
			healthy++
		}
		if c := p.controller; c.Workload.Kind != workload.Pod && !slices.Contains(owners, c) {
			owners = append(owners, c)
		}
	}
	if b.MaxUnavailable == nil && (b.MinAvailable == nil || b.MinAvailable.Type == intstr.Int) {
		if b.MinAvailable != nil {
			desired, expected = b.MinAvailable.IntValue(), len(b.pods)
		}
		return healthy, desired, expected, ""
	}
	// Percentages and maxUnavailable refer to the replicas of the owners.
	for _, c := range owners {
		if kind := c.Workload.OwnerWithoutScale(); kind != "" {
			return healthy, 0, 0, fmt.Sprintf("a %s has no scale subresource, so the number of its pods is unknown", kind)
		}
		expected += c.expectedPods()
	}
	if b.MaxUnavailable != nil {
		most, _ := intstr.GetScaledValueFromIntOrPercent(b.MaxUnavailable, expected, true) // validated when it was read
		return healthy, max(0, expected-most), expected, ""
	}
	desired, _ = intstr.GetScaledValueFromIntOrPercent(b.MinAvailable, expected, true)
	return healthy, desired, expected, ""
}

// evictionBlocker returns why the eviction API refuses to evict a pod now, "" if it does not
// (pkg/registry/core/pod/storage/eviction.go).
func evictionBlocker(p *Pod) string {
	if refused := refuseEviction(p); refused != "" {
		return refused
	}
	switch {
	case p.state == pending || p.state == starting || len(p.budgets) == 0:
		return ""
	case len(p.budgets) > 1:
		names := make([]string, len(p.budgets))
		for i, b := range p.budgets {
			names[i] = b.Object.String()
		}
		return fmt.Sprintf("%s select pod %s: the eviction API refuses pods with more than one budget", strings.Join(names, " and "), p.key())
	}
	b := p.budgets[0]
	healthy, desired, expected, invalid := b.status()
	always := b.UnhealthyPodEvictionPolicy != nil && *b.UnhealthyPodEvictionPolicy == policyv1.AlwaysAllow
	switch {
	case p.state != ready && (always || invalid == "" && healthy >= desired && desired > 0):
		return ""
	case invalid != "":
		return fmt.Sprintf("%s allows no eviction: %s", b.Object, invalid)
	case expected <= 0:
		return fmt.Sprintf("%s allows no eviction: the number of expected pods is 0", b.Object)
	case healthy <= desired:
		return fmt.Sprintf("%s allows no eviction: healthy pods %d, required %d", b.Object, healthy, desired)
	}
	return ""
}

// NeverEvicted returns why the eviction API refuses to evict a Ready pod in every state of the cluster, "" if it may evict it in some
// state: its budgets do not depend on the state, or its budget allows no eviction even while all of its pods are Ready.
func (p *Pod) NeverEvicted() string {
	if p.state != ready || len(p.budgets) == 0 {
		return ""
	}
	if len(p.budgets) == 1 {
		b := p.budgets[0]
		_, desired, _, invalid := b.status()
		most := 0
		var owners []*Controller
		for _, other := range b.pods {
			if c := other.controller; !slices.Contains(owners, c) {
				owners = append(owners, c)
				most += max(c.Replicas(), c.Workload.Max)
			}
		}
		if invalid == "" && most > desired {
			return ""
		}
	}
	return evictionBlocker(p)
}

// budgetObjects returns the budgets with the disruptions that each allows now, as the scheduler's preemption reads them.
func budgetObjects(budgets []*budget) []*policyv1.PodDisruptionBudget {
	list := make([]*policyv1.PodDisruptionBudget, len(budgets))
	for i, b := range budgets {
		allowed := int32(0)
		if healthy, desired, expected, invalid := b.status(); invalid == "" && expected > 0 {
			allowed = int32(max(0, healthy-desired))
		}
		list[i] = &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: b.Object.Namespace, Name: b.Object.Name},
			Spec:       b.PodDisruptionBudgetSpec,
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		}
	}
	return list
}
