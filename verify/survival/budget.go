package survival

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// budget is a disruption budget and the pods that it selects, dead or alive.
type budget struct {
	*workload.Budget
	pods []*pod
}

func (b *budget) selects(p *corev1.Pod) bool {
	return b.Object.Namespace == p.Namespace && b.PodSelector.Matches(labels.Set(p.Labels))
}

// scaled are the kinds of which the disruption controller can tell how many pods there should be.
var scaled = []string{workload.Deployment, workload.StatefulSet, workload.ReplicaSet}

// status is what the disruption controller says of a budget: how many of its pods are healthy, how many should be, how many
// there are expected to be, and what it cannot tell (getExpectedPodCount and countHealthyPods in
// pkg/controller/disruption/disruption.go).
func (b *budget) status() (healthy, desired, expected int, unknown string) {
	var owners []*controller
	for _, p := range b.pods {
		if p.state == ready {
			healthy++
		}
		if p.of.of.Kind != workload.Pod && !slices.Contains(owners, p.of) {
			owners = append(owners, p.of)
		}
	}
	if b.MaxUnavailable == nil && (b.MinAvailable == nil || b.MinAvailable.Type == intstr.Int) {
		if b.MinAvailable != nil {
			desired, expected = b.MinAvailable.IntValue(), len(b.pods)
		}
		return healthy, desired, expected, ""
	}
	// A percentage, or a number of those that may be missing, is of what the owners should have.
	for _, c := range owners {
		if !slices.Contains(scaled, c.of.Kind) {
			return healthy, 0, 0, fmt.Sprintf("a %s does not say how many pods it should have", c.of.Kind)
		}
		expected += c.want
	}
	if b.MaxUnavailable != nil {
		most, _ := intstr.GetScaledValueFromIntOrPercent(b.MaxUnavailable, expected, true) // it was read, so it is one
		return healthy, max(0, expected-most), expected, ""
	}
	desired, _ = intstr.GetScaledValueFromIntOrPercent(b.MinAvailable, expected, true)
	return healthy, desired, expected, ""
}

// refuses says why the eviction API would not let a pod go now, "" if it would (pkg/registry/core/pod/storage/eviction.go).
func (p *pod) refuses() string {
	switch {
	case p.state == waiting || p.state == starting || len(p.budgets) == 0:
		return ""
	case len(p.budgets) > 1:
		names := make([]string, len(p.budgets))
		for i, b := range p.budgets {
			names[i] = b.Object.String()
		}
		return fmt.Sprintf("%s select pod %s: the eviction API refuses a pod that has more than one budget", strings.Join(names, " and "), p.key())
	}
	b := p.budgets[0]
	healthy, desired, expected, unknown := b.status()
	always := b.UnhealthyPodEvictionPolicy != nil && *b.UnhealthyPodEvictionPolicy == policyv1.AlwaysAllow
	switch {
	case p.state != ready && (always || unknown == "" && healthy >= desired && desired > 0):
		return ""
	case unknown != "":
		return fmt.Sprintf("%s lets no pod go: %s", b.Object, unknown)
	case expected <= 0:
		return fmt.Sprintf("%s lets no pod go: nobody says how many there should be", b.Object)
	case healthy <= desired:
		return fmt.Sprintf("%s lets no pod go: it needs %d healthy ones and has %d", b.Object, desired, healthy)
	}
	return ""
}
