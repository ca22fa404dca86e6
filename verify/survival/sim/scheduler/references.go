package scheduler

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

// named returns the nodes that a pod distinguishes from others of their class: by name, or by the value of a unique label.
func (n *nodes) named(pod *corev1.Pod) []*node {
	var found []*node
	if one := n.byName[pod.Spec.NodeName]; one != nil {
		found = append(found, one)
	}
	return append(found, n.namedBy(placement.NodeTerms(&pod.Spec))...)
}

// namedBy returns the nodes that terms distinguish from others of their class.
func (n *nodes) namedBy(terms []corev1.NodeSelectorTerm) []*node {
	var found []*node
	for _, term := range terms {
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
		for _, r := range term.MatchExpressions {
			if n.labels.unique(r.Key) {
				found = append(found, n.distinguished(r)...)
			}
		}
	}
	return found
}

// distinguished returns the nodes that a requirement on a unique label distinguishes from others with the label.
func (n *nodes) distinguished(r corev1.NodeSelectorRequirement) []*node {
	if r.Operator == corev1.NodeSelectorOpExists || r.Operator == corev1.NodeSelectorOpDoesNotExist {
		return nil
	}
	values := map[string]bool{}
	for _, value := range r.Values {
		values[value] = true
	}
	var found []*node
	for _, one := range n.list {
		value, ok := one.info.Node().Labels[r.Key]
		// Gt and Lt match values that are not in the requirement.
		if ok && (values[value] || r.Operator == corev1.NodeSelectorOpGt || r.Operator == corev1.NodeSelectorOpLt) {
			found = append(found, one)
		}
	}
	return found
}
