package storage

import (
	"iter"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// WithoutNodes returns the storage for nodes that are only numbers: PersistentVolumes whose node affinity matches none of them come
// from another cluster. Such a volume is in one zone, or on one node, that of its first pod. The allowed topologies of a class are
// those of another cluster, too: see translate.
func (s *Storage) WithoutNodes(nodes []*corev1.Node) *Storage {
	moved := *s
	moved.Classes, moved.anyTopology = maps.Clone(s.Classes), map[string]string{}
	for name, class := range s.Classes {
		if len(class.AllowedTopologies) > 0 {
			moved.Classes[name] = moved.translate(class, nodes)
		}
	}
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

// translate returns a class for nodes that are only numbers. The label of a driver's zones becomes that of zones. Zones of another
// cluster become as many of the first zones here. A class with another label that no node has allows every node; anyTopology keeps
// the label, as nothing is proven by that.
func (s *Storage) translate(class *storagev1.StorageClass, nodes []*corev1.Node) *storagev1.StorageClass {
	translated := class.DeepCopy()
	zones := valuesOf(nodes, corev1.LabelTopologyZone)
	for i := range translated.AllowedTopologies {
		for j := range translated.AllowedTopologies[i].MatchLabelExpressions {
			r := &translated.AllowedTopologies[i].MatchLabelExpressions[j]
			if len(valuesOf(nodes, r.Key)) == 0 {
				if !isZoneKey(r.Key) || len(zones) == 0 {
					s.anyTopology[class.Name] = r.Key
					translated.AllowedTopologies = nil
					return translated
				}
				r.Key = corev1.LabelTopologyZone
			}
			if r.Key == corev1.LabelTopologyZone && !slices.ContainsFunc(r.Values, func(v string) bool { return slices.Contains(zones, v) }) {
				r.Values = zones[:min(len(zones), len(r.Values))]
			}
		}
	}
	return translated
}

// valuesOf returns the values of a node label, sorted.
func valuesOf(nodes []*corev1.Node, key string) []string {
	values := map[string]bool{}
	for _, n := range nodes {
		if value, ok := n.Labels[key]; ok {
			values[value] = true
		}
	}
	return slices.Sorted(maps.Keys(values))
}

// isZoneKey reports whether a node label has the zone of a node: the beta label, or that of a driver whose disks stay in a zone.
func isZoneKey(key string) bool {
	return key == corev1.LabelFailureDomainBetaZone || slices.ContainsFunc(drivers, func(d driver) bool { return d.scope == Zone && d.key == key })
}

// Allowed returns the allowed topologies of a class as node selector terms; all nodes without terms, or without a class.
func Allowed(class *storagev1.StorageClass) []corev1.NodeSelectorTerm {
	if class == nil {
		return nil
	}
	var terms []corev1.NodeSelectorTerm
	for _, topology := range class.AllowedTopologies {
		term := corev1.NodeSelectorTerm{}
		for _, r := range topology.MatchLabelExpressions {
			term.MatchExpressions = append(term.MatchExpressions, corev1.NodeSelectorRequirement{Key: r.Key, Operator: corev1.NodeSelectorOpIn, Values: r.Values})
		}
		terms = append(terms, term)
	}
	return terms
}

// Limits reports whether the class of a volume that does not exist yet is not known to allow each of some nodes.
func (r *Reach) Limits(nodes iter.Seq[*corev1.Node]) bool {
	if r.AnyTopology != "" {
		return true
	}
	terms := Allowed(r.Class)
	for n := range nodes {
		if len(terms) > 0 && !matches(n, []*corev1.NodeSelector{{NodeSelectorTerms: terms}}) {
			return true
		}
	}
	return false
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
