package rules

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A budget that says maxUnavailable or a percentage asks the owner of each pod how many there should be. A pod whose owner
// has no scale is an error for the whole budget, and then no eviction is allowed; pods of no owner count as none. Only a
// whole number minAvailable asks nobody (getExpectedPodCount and failSafe in pkg/controller/disruption/disruption.go).
//
// Pods of Jobs are among them for as long as the Job is kept. What custom resources own may have a scale: nothing is said
// of them.
var budgetCannotCount = &Rule{
	ID:       "budget-cannot-count",
	Protects: "A budget that cannot count its pods allows no eviction at all: their nodes cannot be drained.",
	Fix:      "Say minAvailable as a whole number, or select only pods of Deployments, ReplicaSets and StatefulSets.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, b := range s.Budgets {
			field, value := number(b)
			if field == "" || field == "minAvailable" && value.Type == intstr.Int {
				continue
			}
			if without := withoutScale(guarded(s, b)); len(without) > 0 {
				find(in(b.Object, "spec", field), fmt.Sprintf("%s is %s, but nobody says how many pods there should be of %s", field, value.String(), list(without)))
			}
		}
	},
}

// withoutScale lists the workloads that keep a budget from counting: those whose pods' owner has no scale, or bare pods if
// there are no others.
func withoutScale(guarded []*workload.Workload) []*workload.Workload {
	var owned, bare []*workload.Workload
	for _, w := range guarded {
		switch w.Kind {
		case workload.DaemonSet, workload.Job:
			owned = append(owned, w)
		case workload.Pod:
			bare = append(bare, w)
		}
	}
	if len(owned) == 0 && len(bare) == len(guarded) {
		return bare
	}
	return owned
}
