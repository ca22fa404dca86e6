// Package placement reads the placement constraints of pods and their node fit, with the semantics of the Kubernetes API.
// Rules, guarantees and the simulation share it, so that they agree.
//
// Pods must be as the API server stores them: with defaults, and with matchLabelKeys and mismatchLabelKeys merged into the
// selectors, as workload.Workload.Pod returns them.
package placement

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/kube-scheduler/framework"
	"k8s.io/utils/ptr"
)

// Kind is the kind of a placement constraint.
type Kind string

// The kinds of placement constraints.
const (
	Spread       Kind = "spread"
	AntiAffinity Kind = "anti-affinity"
	Affinity     Kind = "affinity"
)

// Constraint is a topology spread constraint or a term of pod affinity or pod anti-affinity.
type Constraint struct {
	Kind Kind
	// Required constraints keep a pod Pending while they are not met (DoNotSchedule, requiredDuringScheduling…). Others are
	// preferences.
	Required bool
	// TopologyKey is the node label whose values are the topology domains.
	TopologyKey string
	// MatchLabelKeys and MismatchLabelKeys are the API fields. The selector contains them already.
	MatchLabelKeys, MismatchLabelKeys []string
	// Spread is the topology spread constraint; nil for the other kinds.
	Spread *corev1.TopologySpreadConstraint
	// Path is the position of the constraint in the pod, for example spec, topologySpreadConstraints, 0.
	Path []string

	pod        *corev1.Pod
	namespaces Namespaces
	// term has the parsed selectors. A spread constraint selects pods of the pod's own namespace.
	term framework.AffinityTerm
}

// Constraints lists the placement constraints of a pod: topology spread, then anti-affinity, then affinity, each in the order
// of the API. Constraints with a selector that the API server refuses are left out.
func Constraints(pod *corev1.Pod, namespaces Namespaces) []Constraint {
	r := &reader{pod: pod, namespaces: namespaces}
	for i := range pod.Spec.TopologySpreadConstraints {
		r.spread(&pod.Spec.TopologySpreadConstraints[i], "spec", "topologySpreadConstraints", strconv.Itoa(i))
	}
	if pod.Spec.Affinity == nil {
		return r.all
	}
	if a := pod.Spec.Affinity.PodAntiAffinity; a != nil {
		r.terms(AntiAffinity, a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution, "spec", "affinity", "podAntiAffinity")
	}
	if a := pod.Spec.Affinity.PodAffinity; a != nil {
		r.terms(Affinity, a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution, "spec", "affinity", "podAffinity")
	}
	return r.all
}

// reader collects the constraints of a pod.
type reader struct {
	pod        *corev1.Pod
	namespaces Namespaces
	all        []Constraint
}

func (r *reader) add(c Constraint) {
	c.pod, c.namespaces = r.pod, r.namespaces
	r.all = append(r.all, c)
}

func (r *reader) spread(s *corev1.TopologySpreadConstraint, path ...string) {
	selector, err := metav1.LabelSelectorAsSelector(s.LabelSelector) // nil selects nothing
	if err != nil {
		return
	}
	if selector.Empty() { // counts no pod (countPodsMatchSelector of the plugin PodTopologySpread)
		selector = labels.Nothing()
	}
	r.add(Constraint{Kind: Spread, Required: s.WhenUnsatisfiable == corev1.DoNotSchedule, TopologyKey: s.TopologyKey, MatchLabelKeys: s.MatchLabelKeys, Spread: s, Path: path,
		term: framework.AffinityTerm{Namespaces: sets.New(r.pod.Namespace), NamespaceSelector: labels.Nothing(), Selector: selector, TopologyKey: s.TopologyKey}})
}

func (r *reader) terms(kind Kind, required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm, path ...string) {
	for i, t := range required {
		r.term(kind, true, t, slices.Concat(path, []string{"requiredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i)}))
	}
	for i, t := range preferred {
		r.term(kind, false, t.PodAffinityTerm, slices.Concat(path, []string{"preferredDuringSchedulingIgnoredDuringExecution", strconv.Itoa(i), "podAffinityTerm"}))
	}
}

func (r *reader) term(kind Kind, required bool, t corev1.PodAffinityTerm, path []string) {
	parsed, err := framework.GetAffinityTerms(r.pod, []corev1.PodAffinityTerm{t})
	if err != nil {
		return
	}
	r.add(Constraint{Kind: kind, Required: required, TopologyKey: t.TopologyKey, MatchLabelKeys: t.MatchLabelKeys, MismatchLabelKeys: t.MismatchLabelKeys, Path: path, term: parsed[0]})
}

// Selects reports whether the constraint counts, attracts or repels a pod. An affinity term selects pods in its namespaces and
// in those that its namespaceSelector matches; without both, in the pod's own namespace.
func (c Constraint) Selects(pod *corev1.Pod) bool {
	return c.term.Selector.Matches(labels.Set(pod.Labels)) && c.inNamespace(pod.Namespace)
}

// Selector returns the label selector of the constraint, and the only namespace in which it selects pods; ok is false if it may
// select pods of several. The namespace of pods without one is "".
func (c Constraint) Selector() (selector labels.Selector, namespace string, ok bool) {
	if _, selectable := c.term.NamespaceSelector.Requirements(); !selectable && len(c.term.Namespaces) == 1 {
		for namespace = range c.term.Namespaces {
			return c.term.Selector, namespace, true
		}
	}
	return c.term.Selector, "", false
}

func (c Constraint) inNamespace(name string) bool {
	return c.term.Namespaces.Has(name) || c.term.NamespaceSelector.Matches(c.namespaces.Labels(name))
}

// MaySelect reports whether the constraint can select a pod, depending on unknown labels of its namespace. It differs from
// Selects for namespaces without a Namespace object in the input, and for pods without a namespace.
func (c Constraint) MaySelect(pod *corev1.Pod) bool {
	return c.term.Selector.Matches(labels.Set(pod.Labels)) && c.mayBeInNamespace(pod.Namespace)
}

func (c Constraint) mayBeInNamespace(name string) bool {
	switch {
	case c.Kind == Spread:
		return name == c.pod.Namespace
	case name == "":
		return true
	}
	return c.term.Namespaces.Has(name) || c.namespaces.mayMatch(c.term.NamespaceSelector, name)
}

// SelectsOwn reports whether the constraint selects every pod of the same template and revision. A selector on the per-pod
// labels of a StatefulSet does not.
func (c Constraint) SelectsOwn() bool { return c.Selects(c.pod) && !c.selectsByPod() }

// MaySelectOwn is SelectsOwn with MaySelect in place of Selects.
func (c Constraint) MaySelectOwn() bool { return c.MaySelect(c.pod) && !c.selectsByPod() }

// perPod are the labels whose values differ from pod to pod of a StatefulSet.
var perPod = []string{appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel}

func (c Constraint) selectsByPod() bool {
	requirements, _ := c.term.Selector.Requirements()
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool { return slices.Contains(perPod, r.Key()) })
}

// OwnNamespaceOnly reports whether the constraint is about pods of the pod's own namespace alone.
func (c Constraint) OwnNamespaceOnly() bool {
	_, selectable := c.term.NamespaceSelector.Requirements()
	return !selectable && c.term.Namespaces.Equal(sets.New(c.pod.Namespace))
}

// CountsNode reports whether a spread constraint counts the pods on a node, by its nodeAffinityPolicy and nodeTaintsPolicy. f is
// the Fit of the constraint's pod; keepsOff selects the taints that matter, as in [Fit.Untolerated].
//
// The scheduler also requires the topology keys of all required spread constraints: see [HasKeys].
func (c Constraint) CountsNode(f Fit, n *corev1.Node, keepsOff func(*corev1.Taint) bool) bool {
	if ptr.Deref(c.Spread.NodeAffinityPolicy, corev1.NodeInclusionPolicyHonor) == corev1.NodeInclusionPolicyHonor && !f.Selects(n) {
		return false
	}
	return ptr.Deref(c.Spread.NodeTaintsPolicy, corev1.NodeInclusionPolicyIgnore) == corev1.NodeInclusionPolicyIgnore || f.Untolerated(n, keepsOff) == nil
}

// DomainNoun is the word for a topology domain of a key: node, zone, or the last part of the key.
func DomainNoun(key string) string {
	switch key {
	case corev1.LabelHostname:
		return "node"
	case corev1.LabelTopologyZone:
		return "zone"
	}
	return key[strings.LastIndex(key, "/")+1:]
}

// HasKeys reports whether a node has the topology keys of all required spread constraints of a list. On other nodes, the
// scheduler places no pod with these constraints and counts none.
func HasKeys(n *corev1.Node, all []Constraint) bool {
	return !slices.ContainsFunc(all, func(c Constraint) bool {
		_, ok := n.Labels[c.TopologyKey]
		return c.Kind == Spread && c.Required && !ok
	})
}
