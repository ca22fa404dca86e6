package scheduler

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

// signature is the pods that are interchangeable for the placement of other pods: those of one namespace with the same
// labels and the same affinity to pods.
type signature struct {
	// pod is one of them, affinity its terms of affinity and anti-affinity.
	pod      *corev1.Pod
	affinity []placement.Constraint
	// nodes are the nodes of the pods, each as often as there is such a pod on it.
	nodes []*node
	index int
}

// signatures has all signatures that ever had a pod: pods that are removed may come back.
type signatures struct {
	all   []*signature
	byKey map[string]*signature
}

func newSignatures() *signatures { return &signatures{byKey: map[string]*signature{}} }

func signatureKey(pod *corev1.Pod) string {
	var b strings.Builder
	b.WriteString(pod.Namespace)
	b.WriteByte(' ')
	b.WriteString(labels.Set(pod.Labels).String())
	if pod.DeletionTimestamp != nil {
		b.WriteString(" terminating")
	}
	if a := pod.Spec.Affinity; a != nil {
		text, _ := json.Marshal([]any{a.PodAffinity, a.PodAntiAffinity}) // marshalling these types cannot fail
		b.Write(text)
	}
	return b.String()
}

func (s *signatures) add(pod *corev1.Pod, n *node, namespaces placement.Namespaces) {
	key := signatureKey(pod)
	of := s.byKey[key]
	if of == nil {
		of = &signature{pod: pod, affinity: affinityOf(pod, namespaces), index: len(s.all)}
		s.byKey[key] = of
		s.all = append(s.all, of)
	}
	of.nodes = append(of.nodes, n)
}

func (s *signatures) remove(pod *corev1.Pod, n *node) {
	of := s.byKey[signatureKey(pod)]
	if of == nil {
		return
	}
	if at := slices.Index(of.nodes, n); at >= 0 {
		of.nodes = slices.Delete(of.nodes, at, at+1)
	}
}

// affinityOf returns the affinity and anti-affinity terms of a pod, required and preferred.
func affinityOf(pod *corev1.Pod, namespaces placement.Namespaces) []placement.Constraint {
	all := placement.Constraints(pod, namespaces)
	return slices.DeleteFunc(all, func(c placement.Constraint) bool { return c.Kind == placement.Spread })
}

// relation selects the pods that are related to the pod that is placed: those that its placement constraints select,
// and those whose affinity terms select it. It has all pods that the plugins count, and may have more.
type relation struct {
	pod         *corev1.Pod
	constraints []placement.Constraint
	// spread selects the pods of the namespace that a pod without spread constraints is spread from.
	spread labels.Selector
	// found are the related signatures among the first seen ones.
	found []*signature
	seen  int
}

// relationOf returns the relation of a pod, which it shares with pods of the same signature, spread constraints and owner.
func (l *listers) relationOf(pod *corev1.Pod) *relation {
	text, _ := json.Marshal([]any{pod.Spec.TopologySpreadConstraints, metav1.GetControllerOfNoCopy(pod)}) // cannot fail
	key := signatureKey(pod) + string(text)
	r := l.relations[key]
	if r == nil {
		r = l.newRelation(pod)
		l.relations[key] = r
	}
	return r
}

func (l *listers) newRelation(pod *corev1.Pod) *relation {
	r := &relation{pod: pod, constraints: placement.Constraints(pod, l.namespaces), spread: labels.Nothing()}
	if len(pod.Spec.TopologySpreadConstraints) == 0 {
		if s := l.defaultSelector(pod); !s.Empty() { // the plugin ignores an empty selector
			r.spread = s
		}
	}
	return r
}

// related returns the related signatures.
func (r *relation) related(all *signatures) []*signature {
	for ; r.seen < len(all.all); r.seen++ {
		if one := all.all[r.seen]; r.relates(one) {
			r.found = append(r.found, one)
		}
	}
	return r.found
}

// relates reports whether pods of a signature are related.
func (r *relation) relates(s *signature) bool {
	selects := func(pod *corev1.Pod) func(placement.Constraint) bool {
		return func(c placement.Constraint) bool { return c.Selects(pod) }
	}
	return r.pod.Namespace == s.pod.Namespace && r.spread.Matches(labels.Set(s.pod.Labels)) ||
		slices.ContainsFunc(r.constraints, selects(s.pod)) || slices.ContainsFunc(s.affinity, selects(r.pod))
}
