package facts

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Budget is a PodDisruptionBudget and the workloads whose pods it selects.
type Budget struct {
	*workload.Budget
	Workloads []*workload.Workload
	// Pods is the number of selected pods in the steady state. Pods of Jobs are not included: they have finished.
	Pods int
}

// DisruptionBudgets returns the PodDisruptionBudgets.
func (s *System) DisruptionBudgets() []Budget {
	all := make([]Budget, len(s.Budgets))
	for i, b := range s.Budgets {
		all[i] = Budget{Budget: b, Workloads: s.selected(b.Object.Namespace, b.PodSelector)}
		for _, w := range all[i].Workloads {
			if w.Kind != workload.Job {
				all[i].Pods += w.Replicas
			}
		}
	}
	return all
}

// OnlyDaemonSets reports whether all selected pods are those of DaemonSets.
func (b Budget) OnlyDaemonSets() bool {
	return len(b.Workloads) > 0 && !slices.ContainsFunc(b.Workloads, func(w *workload.Workload) bool { return w.Kind != workload.DaemonSet })
}

// Field returns the field that limits disruptions, and its value; "" if the budget has neither.
func (b Budget) Field() (name string, value intstr.IntOrString) {
	switch {
	case b.MaxUnavailable != nil:
		return "maxUnavailable", *b.MaxUnavailable
	case b.MinAvailable != nil:
		return "minAvailable", *b.MinAvailable
	}
	return "", intstr.IntOrString{}
}

// AllowedDisruptions returns how many pods may be evicted at once while all are healthy. Percentages of both fields are rounded
// up, as by the disruption controller (pkg/controller/disruption/disruption.go).
func (b Budget) AllowedDisruptions() int {
	if b.MaxUnavailable != nil {
		most, _ := intstr.GetScaledValueFromIntOrPercent(b.MaxUnavailable, b.Pods, true) // validated when it was read
		return min(most, b.Pods)
	}
	if b.MinAvailable != nil {
		least, _ := intstr.GetScaledValueFromIntOrPercent(b.MinAvailable, b.Pods, true)
		return max(0, b.Pods-least)
	}
	return b.Pods
}

// Rounding returns a note about a percentage that is not a whole number of pods, for the end of a message; "" otherwise.
func (b Budget) Rounding() string {
	field, value := b.Field()
	up, _ := intstr.GetScaledValueFromIntOrPercent(&value, b.Pods, true)
	down, _ := intstr.GetScaledValueFromIntOrPercent(&value, b.Pods, false)
	if field == "" || up == down {
		return ""
	}
	return fmt.Sprintf("; %s %s of %d pods is rounded up to %d", field, value.StrVal, b.Pods, up)
}
