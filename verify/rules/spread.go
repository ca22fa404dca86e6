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
	// here: it is known to look at the workload's own namespace, and at which pods there; abroad: it looks at others, too.
	here, abroad bool
	// spread is the constraint, nil for anti-affinity.
	spread *corev1.TopologySpreadConstraint
	// path is where it stands in the pod's template.
	path []string
}

// at is where it stands, or a field of it.
func (a apart) at(field ...string) Place { return at(a.of, slices.Concat(a.path, field)...) }

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

// own tells whether it keeps the workload's pods from each other.
func (a apart) own() bool { return a.here && a.mayOwn() }

// mayOwn tells whether it may keep the workload's pods from each other, in a namespace of which nothing is known. An empty
// selector of a spread constraint counts no pod (countPodsMatchSelector of plugin PodTopologySpread).
func (a apart) mayOwn() bool {
	return a.selects.Matches(labels.Set(a.of.Template.Labels)) && !(a.spread != nil && a.selects.Empty() && len(a.sameBy) == 0)
}

// counts tells whether it counts the pods of another workload.
func (a apart) counts(other *workload.Workload) bool {
	if !a.here || other == a.of || other.Namespace != a.of.Namespace || !a.selects.Matches(labels.Set(other.Template.Labels)) {
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

// keptApart lists what is to keep a workload's pods apart, from each other or from others. A selector that the API server
// refuses is not among them.
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
		add(apart{key: c.TopologyKey, hard: c.WhenUnsatisfiable == corev1.DoNotSchedule, sameBy: c.MatchLabelKeys, here: true, spread: c}, c.LabelSelector,
			"spec", "topologySpreadConstraints", strconv.Itoa(i))
	}
	if spec.Affinity == nil || spec.Affinity.PodAntiAffinity == nil {
		return all
	}
	term := func(t corev1.PodAffinityTerm, hard bool, path ...string) {
		abroad := t.NamespaceSelector != nil || len(t.Namespaces) > 1
		add(apart{key: t.TopologyKey, hard: hard, sameBy: t.MatchLabelKeys, here: here(w, t), abroad: abroad}, t.LabelSelector, append([]string{"spec", "affinity", "podAntiAffinity"}, path...)...)
	}
	for i, t := range spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		term(t, true, "requiredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i))
	}
	for i, t := range spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		term(t.PodAffinityTerm, false, "preferredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i), "podAffinityTerm")
	}
	return all
}

// here tells whether a term is known to look at pods of the workload's own namespace. Of a selector of namespaces only the
// empty one, which selects all, is; mismatchLabelKeys leave out pods that nothing here can tell.
func here(w *workload.Workload, t corev1.PodAffinityTerm) bool {
	if len(t.MismatchLabelKeys) > 0 {
		return false
	}
	if t.NamespaceSelector != nil {
		return len(t.NamespaceSelector.MatchLabels)+len(t.NamespaceSelector.MatchExpressions) == 0
	}
	return len(t.Namespaces) == 0 || slices.Contains(t.Namespaces, w.Namespace)
}

// spread tells whether anything may keep a workload's pods apart, a port of the node as well.
func spread(w *workload.Workload) bool {
	port, _ := hostPort(w)
	return port != 0 || slices.ContainsFunc(keptApart(w), apart.mayOwn)
}

// hostPort is the first port that a workload's pods take of their node, and where it stands; 0 if they take none. In the
// node's network that is every port that they declare (defaultHostNetworkPorts in pkg/apis/core/v1).
func hostPort(w *workload.Workload) (int32, Place) {
	for _, c := range running(w) {
		for i, p := range c.Ports {
			port := p.HostPort
			if w.Template.Spec.HostNetwork {
				port = p.ContainerPort
			}
			if port != 0 {
				return port, at(w, append(c.at, "ports", strconv.Itoa(i))...)
			}
		}
	}
	return 0, Place{}
}
