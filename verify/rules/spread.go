package rules

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// apart is what keeps pods of a workload apart: a spread constraint or a term of anti-affinity, hard or soft.
type apart struct {
	of *workload.Workload
	// key is the label of nodes whose values are the domains, hard whether pods rather wait than come together.
	key  string
	hard bool
	// selects tells which pods it counts, of the workload's own namespace; whose keys' values must be the pod's own, too.
	selects labels.Selector
	sameBy  []string
	// abroad: it looks into other namespaces, too.
	abroad bool
	// spread is the constraint, nil for anti-affinity.
	spread *corev1.TopologySpreadConstraint
	// path is where it stands in the pod's template.
	path []string
}

// at is where a field of it stands.
func (a apart) at(field string) Place { return at(a.of, append(slices.Clone(a.path), field)...) }

// kind says in a sentence what it is.
func (a apart) kind() string {
	switch {
	case a.spread != nil && a.hard:
		return "the hard spread over " + a.key
	case a.spread != nil:
		return "the spread over " + a.key
	case a.hard:
		return "the required anti-affinity over " + a.key
	default:
		return "the preferred anti-affinity over " + a.key
	}
}

// own tells whether it keeps the workload's pods from each other. An empty selector of a spread constraint counts no pod
// (countPodsMatchSelector of plugin PodTopologySpread).
func (a apart) own() bool {
	return a.selects.Matches(labels.Set(a.of.Template.Labels)) && !(a.spread != nil && a.selects.Empty() && len(a.sameBy) == 0)
}

// counts tells whether it counts the pods of another workload.
func (a apart) counts(other *workload.Workload) bool {
	if other == a.of || other.Namespace != a.of.Namespace || !a.selects.Matches(labels.Set(other.Template.Labels)) {
		return false
	}
	for _, key := range a.sameBy {
		// A label that controllers give is another for each.
		if value, is := a.of.Template.Labels[key]; !is || other.Template.Labels[key] != value {
			return false
		}
	}
	return true
}

// keptApart lists what keeps a workload's pods apart. A term that looks into other namespaces only is not among them, and
// neither is a selector that the API server refuses.
func keptApart(w *workload.Workload) []apart {
	var all []apart
	add := func(a apart, selector *metav1.LabelSelector, path ...string) {
		var err error
		if a.selects, err = metav1.LabelSelectorAsSelector(selector); err == nil { // nil selects nothing
			a.of, a.path = w, path
			all = append(all, a)
		}
	}
	spec := w.Template.Spec
	for i := range spec.TopologySpreadConstraints {
		c := &spec.TopologySpreadConstraints[i]
		add(apart{key: c.TopologyKey, hard: c.WhenUnsatisfiable == corev1.DoNotSchedule, sameBy: c.MatchLabelKeys, spread: c}, c.LabelSelector,
			"spec", "topologySpreadConstraints", strconv.Itoa(i))
	}
	if spec.Affinity == nil || spec.Affinity.PodAntiAffinity == nil {
		return all
	}
	term := func(t corev1.PodAffinityTerm, hard bool, path ...string) {
		if here(w, t) {
			abroad := t.NamespaceSelector != nil || len(t.Namespaces) > 1
			add(apart{key: t.TopologyKey, hard: hard, sameBy: t.MatchLabelKeys, abroad: abroad}, t.LabelSelector, append([]string{"spec", "affinity", "podAntiAffinity"}, path...)...)
		}
	}
	for i, t := range spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		term(t, true, "requiredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i))
	}
	for i, t := range spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		term(t.PodAffinityTerm, false, "preferredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i), "podAffinityTerm")
	}
	return all
}

// here tells whether a term looks into the workload's own namespace. Of a selector of namespaces only the empty one, which
// selects all, is known to; mismatchLabelKeys leave out pods that nothing here can tell.
func here(w *workload.Workload, t corev1.PodAffinityTerm) bool {
	if len(t.MismatchLabelKeys) > 0 {
		return false
	}
	if t.NamespaceSelector != nil {
		return len(t.NamespaceSelector.MatchLabels)+len(t.NamespaceSelector.MatchExpressions) == 0
	}
	return len(t.Namespaces) == 0 || slices.Contains(t.Namespaces, w.Namespace)
}
