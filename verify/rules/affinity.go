package rules

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// nodeTerms lists the terms of node affinity of which a workload's pods require one.
func nodeTerms(w *workload.Workload) []corev1.NodeSelectorTerm {
	a := w.Template.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

// asksFor tells whether a workload's pods ask for nodes by a label, or by their names.
func asksFor(w *workload.Workload, key string) bool {
	if _, is := w.Template.Spec.NodeSelector[key]; is {
		return true
	}
	return slices.ContainsFunc(nodeTerms(w), func(t corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(slices.Concat(t.MatchExpressions, t.MatchFields), func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == key || r.Key == metav1.ObjectNameField
		})
	})
}

// together tells whether all pods of a workload may be meant for one node: they are bound to it or to each other, or ask for
// nodes by name.
func together(w *workload.Workload) bool {
	spec := w.Template.Spec
	if spec.NodeName != "" || asksFor(w, cluster.HostLabel) {
		return true
	}
	return spec.Affinity != nil && spec.Affinity.PodAffinity != nil &&
		slices.ContainsFunc(spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, func(t corev1.PodAffinityTerm) bool { return t.TopologyKey == cluster.HostLabel })
}

// zonesOf lists the zones that a workload's pods are bound to, none if they may be in any.
func zonesOf(w *workload.Workload) []string {
	var all []string
	for _, t := range nodeTerms(w) {
		i := slices.IndexFunc(t.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == cluster.ZoneLabel && r.Operator == corev1.NodeSelectorOpIn
		})
		if i < 0 {
			return nil
		}
		all = append(all, t.MatchExpressions[i].Values...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
