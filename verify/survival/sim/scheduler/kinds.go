package scheduler

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// kind is the pods that mean the same to others: those of one namespace with the same labels and the same affinity to pods.
type kind struct {
	// pod is one of them, with its terms of affinity.
	pod fwk.PodInfo
	// on are the nodes that they are on, each as often as there is a pod of the kind.
	on    []*node
	index int
}

// kinds are all that there ever were pods of: those that went may come back.
type kinds struct {
	all []*kind
	of  map[string]*kind
}

func newKinds() *kinds { return &kinds{of: map[string]*kind{}} }

func keyOf(pod *corev1.Pod) string {
	var b strings.Builder
	b.WriteString(pod.Namespace)
	b.WriteByte(' ')
	b.WriteString(labels.Set(pod.Labels).String())
	if pod.DeletionTimestamp != nil {
		b.WriteString(" goes")
	}
	if a := pod.Spec.Affinity; a != nil {
		// There is nothing in it that cannot be written down.
		text, _ := json.Marshal([]any{a.PodAffinity, a.PodAntiAffinity})
		b.Write(text)
	}
	return b.String()
}

func (k *kinds) add(pod *corev1.Pod, n *node) {
	key := keyOf(pod)
	of := k.of[key]
	if of == nil {
		// Terms that cannot be read count for nothing, as in the scheduler.
		info, _ := framework.NewPodInfo(pod)
		of = &kind{pod: info, index: len(k.all)}
		k.of[key] = of
		k.all = append(k.all, of)
	}
	of.on = append(of.on, n)
}

func (k *kinds) remove(pod *corev1.Pod, n *node) {
	of := k.of[keyOf(pod)]
	if of == nil {
		return
	}
	if at := slices.Index(of.on, n); at >= 0 {
		of.on = slices.Delete(of.on, at, at+1)
	}
}

// interest is which pods matter to one that is placed: those that its spread constraints and its terms of affinity select,
// and those whose terms of affinity select it. It is never less than what the plugins go by, and may be more.
type interest struct {
	pod        fwk.PodInfo
	spread     []labels.Selector
	namespaces map[string]labels.Set
	// found are the kinds that matter among the first so many of all.
	found []*kind
	among int
}

// interestOf is that of a pod, and of all others of its kind that are spread and owned like it.
func (o *listers) interestOf(pod *corev1.Pod) *interest {
	// There is nothing in it that cannot be written down.
	text, _ := json.Marshal([]any{pod.Spec.TopologySpreadConstraints, metav1.GetControllerOfNoCopy(pod)})
	key := keyOf(pod) + string(text)
	i := o.interests[key]
	if i == nil {
		i = o.newInterest(pod)
		o.interests[key] = i
	}
	return i
}

func (o *listers) newInterest(pod *corev1.Pod) *interest {
	// What cannot be read is refused by the plugins.
	info, _ := framework.NewPodInfo(pod)
	i := &interest{pod: info, namespaces: o.namespaces}
	if len(pod.Spec.TopologySpreadConstraints) == 0 {
		i.spread = []labels.Selector{o.defaultSelector(pod)}
	}
	for _, c := range pod.Spec.TopologySpreadConstraints {
		s, err := metav1.LabelSelectorAsSelector(c.LabelSelector)
		if err != nil {
			continue
		}
		for _, key := range c.MatchLabelKeys {
			value, has := pod.Labels[key]
			if r, err := labels.NewRequirement(key, selection.Equals, []string{value}); has && err == nil {
				s = s.Add(*r)
			}
		}
		i.spread = append(i.spread, s)
	}
	// To the plugin an empty selector selects nothing.
	i.spread = slices.DeleteFunc(i.spread, labels.Selector.Empty)
	return i
}

// of are the kinds that matter.
func (i *interest) of(k *kinds) []*kind {
	for ; i.among < len(k.all); i.among++ {
		if one := k.all[i.among]; i.in(one) {
			i.found = append(i.found, one)
		}
	}
	return i.found
}

// in tells whether pods of a kind matter.
func (i *interest) in(k *kind) bool {
	pod, other := i.pod.GetPod(), k.pod.GetPod()
	if pod.Namespace == other.Namespace {
		for _, s := range i.spread {
			if s.Matches(labels.Set(other.Labels)) {
				return true
			}
		}
	}
	return selects(i.pod, other, i.namespaces) || selects(k.pod, pod, i.namespaces)
}

// selects tells whether a term of affinity of one pod is about another.
func selects(by fwk.PodInfo, pod *corev1.Pod, namespaces map[string]labels.Set) bool {
	matches := func(t *fwk.AffinityTerm) bool { return t.Matches(pod, namespaces[pod.Namespace]) }
	for _, terms := range [][]fwk.AffinityTerm{by.GetRequiredAffinityTerms(), by.GetRequiredAntiAffinityTerms()} {
		for t := range terms {
			if matches(&terms[t]) {
				return true
			}
		}
	}
	for _, terms := range [][]fwk.WeightedAffinityTerm{by.GetPreferredAffinityTerms(), by.GetPreferredAntiAffinityTerms()} {
		for t := range terms {
			if matches(&terms[t].AffinityTerm) {
				return true
			}
		}
	}
	return false
}
