package storage

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// WithoutNodes returns the storage for nodes that are only numbers: PersistentVolumes whose node affinity matches none of them come
// from another cluster. Such a volume is in one zone, or on one node, that of its first pod.
func (s *Storage) WithoutNodes(nodes []*corev1.Node) *Storage {
	moved := *s
	moved.Volumes, moved.elsewhere = slices.Clone(s.Volumes), maps.Clone(s.elsewhere)
	for i, v := range s.Volumes {
		selectors := Selectors(v)
		if len(selectors) == 0 || slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return matches(n, selectors) }) {
			continue
		}
		scope := Zone
		if selectsHost(selectors) {
			scope = Node
		}
		if moved.elsewhere == nil {
			moved.elsewhere = map[string]Scope{}
		}
		moved.elsewhere[v.Name] = scope
		moved.Volumes[i] = v.DeepCopy()
		moved.Volumes[i].Spec.NodeAffinity = nil
		for _, key := range zoneLabels {
			delete(moved.Volumes[i].Labels, key)
		}
	}
	return &moved
}

func matches(n *corev1.Node, all []*corev1.NodeSelector) bool {
	return !slices.ContainsFunc(all, func(s *corev1.NodeSelector) bool {
		ok, err := nodeaffinity.NewLazyErrorNodeSelector(s).Match(n)
		return !ok || err != nil
	})
}

// selectsHost reports whether selectors name nodes: by their host name, by their name, or by the label of a local disk.
func selectsHost(all []*corev1.NodeSelector) bool {
	named := map[string]bool{corev1.LabelHostname: true}
	for _, d := range drivers {
		named[d.key] = named[d.key] || d.scope == Node && d.key != ""
	}
	return slices.ContainsFunc(all, func(s *corev1.NodeSelector) bool {
		return slices.ContainsFunc(s.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool {
			return len(t.MatchFields) > 0 || slices.ContainsFunc(t.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool { return named[r.Key] })
		})
	})
}
