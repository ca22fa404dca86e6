package scheduler

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

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

// relations has the relations of the pods that were placed.
type relations struct {
	listers *listers
	byKey   map[string]*relation
}

func newRelations(l *listers) *relations {
	return &relations{listers: l, byKey: map[string]*relation{}}
}

// reset forgets all relations: the cluster objects have changed.
func (r *relations) reset() { clear(r.byKey) }

// of returns the relation of a pod, which it shares with pods of the same signature, spread constraints and owner.
func (r *relations) of(pod *corev1.Pod) *relation {
	text, _ := json.Marshal([]any{pod.Spec.TopologySpreadConstraints, metav1.GetControllerOfNoCopy(pod)}) // cannot fail
	key := signatureKey(pod) + string(text)
	if r.byKey[key] == nil {
		r.byKey[key] = newRelation(pod, r.listers)
	}
	return r.byKey[key]
}

func newRelation(pod *corev1.Pod, l *listers) *relation {
	r := &relation{pod: pod, constraints: placement.Constraints(pod, l.namespaces), spread: labels.Nothing()}
	if len(pod.Spec.TopologySpreadConstraints) == 0 {
		if s := l.defaultSelector(pod); !s.Empty() { // the plugin ignores an empty selector
			r.spread = s
		}
	}
	return r
}

// related returns the related signatures, in the order of their index.
func (r *relation) related(all *signatures) []*signature {
	count := len(all.all.All())
	if r.seen == count {
		return r.found
	}
	candidates := slices.Concat(all.all.Candidates(r.pod.Namespace, r.spread), all.attracted.Candidates(r.pod.Namespace, r.pod.Labels))
	for _, c := range r.constraints {
		selector, namespace, ok := c.Selector()
		if !ok {
			candidates = all.all.All()
			break
		}
		candidates = append(candidates, all.all.Candidates(namespace, selector)...)
	}
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(s *signature) bool { return s.index < r.seen })
	slices.SortFunc(candidates, func(a, b *signature) int { return a.index - b.index })
	for _, one := range slices.Compact(candidates) {
		if r.relates(one) {
			r.found = append(r.found, one)
		}
	}
	r.seen = count
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
