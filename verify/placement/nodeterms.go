package placement

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RequiredNodeTerms lists the terms of required node affinity. A node has to match one of them.
func RequiredNodeTerms(spec *corev1.PodSpec) []corev1.NodeSelectorTerm {
	a := spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

// NodeTerms lists the node selector terms of a pod: required and preferred node affinity, and the node selector as one more
// term. spec.nodeName is not included.
func NodeTerms(spec *corev1.PodSpec) []corev1.NodeSelectorTerm {
	all := slices.Clone(RequiredNodeTerms(spec))
	if a := spec.Affinity; a != nil && a.NodeAffinity != nil {
		for _, p := range a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			all = append(all, p.Preference)
		}
	}
	if len(spec.NodeSelector) > 0 {
		all = append(all, nodeSelectorTerm(spec.NodeSelector))
	}
	return all
}

func nodeSelectorTerm(selector map[string]string) corev1.NodeSelectorTerm {
	var term corev1.NodeSelectorTerm
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{selector[key]}})
	}
	return term
}

// RequiresNodeLabel reports whether a pod requires a label of its node by node selector or node affinity, or selects nodes by
// name.
func RequiresNodeLabel(spec *corev1.PodSpec, key string) bool {
	if _, ok := spec.NodeSelector[key]; ok {
		return true
	}
	return slices.ContainsFunc(RequiredNodeTerms(spec), func(t corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(slices.Concat(t.MatchExpressions, t.MatchFields), func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == key || r.Key == metav1.ObjectNameField
		})
	})
}
