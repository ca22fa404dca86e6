package rules

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// guarded lists the workloads whose pods a budget is for.
func guarded(s *workload.System, b *workload.Budget) []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool {
		return w.Namespace != b.Object.Namespace || !b.PodSelector.Matches(labels.Set(w.Template.Labels))
	})
}

// pods is how many pods of its workloads a budget has at rest. Those of Jobs have come to their end.
func pods(guarded []*workload.Workload) int {
	n := 0
	for _, w := range guarded {
		if w.Kind != workload.Job {
			n += w.Replicas
		}
	}
	return n
}

// allowed is how many of n healthy pods a budget lets go at once. Both numbers are rounded up, as the disruption
// controller does (pkg/controller/disruption/disruption.go).
func allowed(b *workload.Budget, n int) int {
	if b.MaxUnavailable != nil {
		most, _ := intstr.GetScaledValueFromIntOrPercent(b.MaxUnavailable, n, true) // it was read, so it is one
		return min(most, n)
	}
	if b.MinAvailable != nil {
		least, _ := intstr.GetScaledValueFromIntOrPercent(b.MinAvailable, n, true)
		return max(0, n-least)
	}
	return n
}

// number is the field by which a budget says how many pods it is about, and what it says; "" if it says nothing.
func number(b *workload.Budget) (field string, value intstr.IntOrString) {
	switch {
	case b.MaxUnavailable != nil:
		return "maxUnavailable", *b.MaxUnavailable
	case b.MinAvailable != nil:
		return "minAvailable", *b.MinAvailable
	}
	return "", intstr.IntOrString{}
}

// rounded says what a percentage of n pods comes to, where that surprises: it is no whole number of pods. Otherwise "".
func rounded(b *workload.Budget, n int) string {
	field, value := number(b)
	up, _ := intstr.GetScaledValueFromIntOrPercent(&value, n, true)
	down, _ := intstr.GetScaledValueFromIntOrPercent(&value, n, false)
	if field == "" || up == down {
		return ""
	}
	return fmt.Sprintf("; %s %s of %d is rounded up to %d", field, value.StrVal, n, up)
}
