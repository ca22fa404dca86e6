package workload

import (
	"fmt"
	"maps"
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// Budget is a PodDisruptionBudget.
type Budget struct {
	Object *manifest.Object
	policyv1.PodDisruptionBudgetSpec
	// PodSelector is the parsed spec.selector. It selects pods of the budget's namespace.
	PodSelector labels.Selector
}

// Selects reports whether the budget selects the pods of a workload.
func (b *Budget) Selects(w *Workload) bool {
	return b.Object.Namespace == w.Namespace && b.PodSelector.Matches(labels.Set(w.Template.Labels))
}

// SelectsRole reports whether the budget selects the pods of a workload once an operator has set the labels of their role.
func (b *Budget) SelectsRole(w *Workload) bool {
	return b.Object.Namespace == w.Namespace && slices.ContainsFunc(w.Roles, func(role map[string]string) bool {
		running := maps.Clone(w.Template.Labels)
		maps.Copy(running, role)
		return b.PodSelector.Matches(labels.Set(running))
	})
}

func readBudget(s *System, o *manifest.Object, d *policyv1.PodDisruptionBudget) error {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return o.Errorf([]string{"spec", "selector"}, "%w", err)
	}
	if _, err := scaled(o, d.Spec.MinAvailable, 100, true, "spec", "minAvailable"); err != nil {
		return err
	}
	if _, err := scaled(o, d.Spec.MaxUnavailable, 100, true, "spec", "maxUnavailable"); err != nil {
		return err
	}
	s.Budgets = append(s.Budgets, &Budget{Object: o, PodDisruptionBudgetSpec: d.Spec, PodSelector: selector})
	return nil
}

// scaled returns a number of pods, given as a number or as a percentage of all. up rounds a percentage up. It returns 0 for nil.
func scaled(o *manifest.Object, value *intstr.IntOrString, all int, up bool, path ...string) (int, error) {
	if value == nil {
		return 0, nil
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, all, up)
	if err == nil && n < 0 {
		err = fmt.Errorf("is %d", n)
	}
	if err != nil {
		return 0, o.Errorf(path, "%w: want a number of pods or a percentage", err)
	}
	return n, nil
}
