package scheduler

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// named are the nodes that a pod tells from others of their class: by name, or by the value of a label that tells nodes
// apart.
func (n *nodes) named(pod *corev1.Pod) []*node {
	var found []*node
	if one := n.byName[pod.Spec.NodeName]; one != nil {
		found = append(found, one)
	}
	var own corev1.NodeSelectorTerm
	for key, value := range pod.Spec.NodeSelector {
		own.MatchExpressions = append(own.MatchExpressions, corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}})
	}
	return append(found, n.namedBy(append(termsOf(pod), own))...)
}

// namedBy are the nodes that terms tell from others of their class.
func (n *nodes) namedBy(terms []corev1.NodeSelectorTerm) []*node {
	var found []*node
	var onLabels []corev1.NodeSelectorRequirement
	for _, term := range terms {
		onLabels = append(onLabels, term.MatchExpressions...)
		for _, r := range term.MatchFields {
			if r.Key != metav1.ObjectNameField {
				continue
			}
			for _, name := range r.Values {
				if one := n.byName[name]; one != nil {
					found = append(found, one)
				}
			}
		}
	}
	for _, r := range onLabels {
		if n.labels.is(r.Key) {
			found = append(found, n.tellingApart(r)...)
		}
	}
	return found
}

// tellingApart are the nodes that a requirement on a label tells from others that have the label, too.
func (n *nodes) tellingApart(r corev1.NodeSelectorRequirement) []*node {
	if r.Operator == corev1.NodeSelectorOpExists || r.Operator == corev1.NodeSelectorOpDoesNotExist {
		return nil
	}
	values := map[string]bool{}
	for _, value := range r.Values {
		values[value] = true
	}
	var found []*node
	for _, one := range n.list {
		value, has := one.info.Node().Labels[r.Key]
		// Greater and less are about values that are not written down.
		if has && (values[value] || r.Operator == corev1.NodeSelectorOpGt || r.Operator == corev1.NodeSelectorOpLt) {
			found = append(found, one)
		}
	}
	return found
}

// termsOf are all terms on nodes of a pod, required and preferred.
func termsOf(pod *corev1.Pod) []corev1.NodeSelectorTerm {
	a := pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil {
		return nil
	}
	var all []corev1.NodeSelectorTerm
	if required := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		all = append(all, required.NodeSelectorTerms...)
	}
	for _, preferred := range a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		all = append(all, preferred.Preference)
	}
	return all
}
