package placement

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Namespaces are the labels of Namespace objects, by name. The zero value has none.
type Namespaces map[string]labels.Set

// NewNamespaces reads the labels of Namespace objects.
func NewNamespaces(objects []*corev1.Namespace) Namespaces {
	all := Namespaces{}
	for _, n := range objects {
		all[n.Name] = withName(n.Name, n.Labels)
	}
	return all
}

// Labels returns the labels of a namespace. A namespace that is not in the input has only the label that the API server sets,
// kubernetes.io/metadata.name.
func (n Namespaces) Labels(name string) labels.Set {
	if known, ok := n[name]; ok {
		return known
	}
	return withName(name, nil)
}

func withName(name string, own map[string]string) labels.Set {
	all := labels.Set{}
	maps.Copy(all, own)
	all[corev1.LabelMetadataName] = name
	return all
}

// mayMatch reports whether a selector can match a namespace. The labels of a namespace that is not in the input are unknown.
func (n Namespaces) mayMatch(selector labels.Selector, name string) bool {
	if known, ok := n[name]; ok {
		return selector.Matches(known)
	}
	requirements, selectable := selector.Requirements()
	for _, r := range requirements {
		if r.Key() == corev1.LabelMetadataName && !r.Matches(withName(name, nil)) {
			return false
		}
	}
	return selectable
}
