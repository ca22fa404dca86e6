package scheduler

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/holdfast-ha/holdfast/internal/labelindex"
	"github.com/holdfast-ha/holdfast/verify/placement"
)

// signatures has all signatures that ever had a pod: pods that are removed may come back.
type signatures struct {
	// all are in the order of their index.
	all   labelindex.Labels[*signature]
	byKey map[string]*signature
	// attracted are the signatures with affinity or anti-affinity, by the pods that these select.
	attracted labelindex.Selectors[*signature]
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
		of = &signature{pod: pod, affinity: affinityOf(pod, namespaces), index: len(s.all.All())}
		s.byKey[key] = of
		s.all.Add(pod.Namespace, pod.Labels, of)
		for _, c := range of.affinity {
			if selector, namespace, ok := c.Selector(); !ok {
				s.attracted.AddEverywhere(of)
			} else {
				s.attracted.Add(namespace, selector, of)
			}
		}
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
