package rules

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A budget with maxUnavailable or a percentage needs the desired number of pods. The disruption controller reads it from the scale
// subresource of the owner of each pod. An owner without one is an error for the whole budget, which then allows no eviction; pods
// without an owner count as none. Only minAvailable as an absolute number needs no owner (getExpectedPodCount and failSafe in
// pkg/controller/disruption/disruption.go).
//
// kubectl drain does not evict the pods of DaemonSets: budget-ignored-by-drain reports a budget for these alone. Beside other pods,
// they stop the eviction of those. Pods of a Job matter as long as the Job is kept. Custom resources may have a scale, so their pods are not reported.
var budgetCannotCount = &Rule{
	ID:       "budget-cannot-count",
	Severity: Warning,
	Protects: "If the desired number of pods is unknown, a budget allows no eviction at all: nodes with these pods cannot be drained.",
	Fix:      "Set minAvailable to an absolute number, or select only pods of Deployments, ReplicaSets and StatefulSets.",
	check: func(s *facts.System, report reporter) {
		for _, b := range s.DisruptionBudgets() {
			field, value := b.Field()
			if field == "" || field == "minAvailable" && value.Type == intstr.Int {
				continue
			}
			if all := withoutScale(b.Workloads); len(all) > 0 && !b.OnlyDaemonSets() {
				report(facts.In(b.Object, "spec", field), fmt.Sprintf("%s %s needs the desired number of pods, which is unknown for %s", field, value.String(), facts.List(all)))
			}
		}
	},
}

// withoutScale returns the workloads with an unknown desired number of pods: those whose pods have an owner without a scale, or
// unmanaged pods if there are no other workloads.
func withoutScale(selected []*workload.Workload) []*workload.Workload {
	var owned, unmanaged []*workload.Workload
	for _, w := range selected {
		switch {
		case w.OwnerWithoutScale() != "":
			owned = append(owned, w)
		case w.Kind == workload.Pod:
			unmanaged = append(unmanaged, w)
		}
	}
	if len(owned) == 0 && len(unmanaged) == len(selected) {
		return unmanaged
	}
	return owned
}
