package guarantee

import (
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// endless is more pods than there ever are.
const endless = math.MaxInt32

// system is the workloads with the labels of their pods.
type system struct {
	workloads []*workload.Workload
	labels    []labels.Set
}

func newSystem(s *workload.System) *system {
	read := &system{workloads: s.Workloads}
	for _, w := range s.Workloads {
		read.labels = append(read.labels, w.Pod(0, 1).Labels)
	}
	return read
}

// reader reads the limits out of a workload's pods.
type reader struct {
	system *system
	of     *workload.Workload
	fit    fit
	// pod is one of the revision at rest, next one of another revision.
	pod, next *corev1.Pod
	// hard are the constraints DoNotSchedule.
	hard []corev1.TopologySpreadConstraint
}

func newReader(s *system, w *workload.Workload) reader {
	pod := w.Pod(0, 1)
	hard := slices.DeleteFunc(slices.Clone(pod.Spec.TopologySpreadConstraints), func(c corev1.TopologySpreadConstraint) bool {
		return c.WhenUnsatisfiable != corev1.DoNotSchedule
	})
	return reader{system: s, of: w, fit: newFit(pod), pod: pod, next: w.Pod(0, 2), hard: hard}
}

// counts tells whether a node counts for spread constraints: it has the keys of all of them. No other takes the pod.
func (r reader) counts(n *corev1.Node) bool {
	return !slices.ContainsFunc(r.hard, func(c corev1.TopologySpreadConstraint) bool {
		_, is := n.Labels[c.TopologyKey]
		return !is
	})
}

// own are labels that each pod has for itself: a selector for them does not select the pods of one workload alike.
var own = []string{"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"}

// selects reads a selector. It is nil, and binds nothing, if it is wrong or does not select all of the workload's pods of one
// revision. Apart tells that it tells revisions apart.
func (r reader) selects(s *metav1.LabelSelector) (selector labels.Selector, apart bool) {
	selector, err := metav1.LabelSelectorAsSelector(s) // nil selects nothing
	if err != nil || !selector.Matches(labels.Set(r.pod.Labels)) {
		return nil, false
	}
	required, _ := selector.Requirements()
	if slices.ContainsFunc(required, func(q labels.Requirement) bool { return slices.Contains(own, q.Key()) }) {
		return nil, false
	}
	return selector, !selector.Matches(labels.Set(r.next.Labels))
}

// mixed tells whether pods of several revisions may be left at rest.
func (r reader) mixed() bool {
	return r.of.Kind == workload.StatefulSet && (r.of.Rollout.Type == "OnDelete" || r.of.Rollout.Partition > 0)
}

// repel reads required anti-affinity of the pods to their own kind. It binds pods that are there as well as those that come,
// so one domain has one pod, whatever happened; one of each revision where it tells them apart.
func (r reader) repel(t *topology) []limit {
	if r.pod.Spec.Affinity == nil || r.pod.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	var limits []limit
	for _, term := range r.pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		selector, apart := r.selects(term.LabelSelector)
		if selector == nil || !r.home(term) {
			continue
		}
		l := limit{division: t.divide(term.TopologyKey), apart: apart, one: called(term.TopologyKey), most: [moments]int{1, 1, 1}}
		for m := range l.why {
			l.why[m] = fmt.Sprintf("required anti-affinity on %s: one a %s", term.TopologyKey, l.one)
			if moment(m) != placed && apart && r.mixed() {
				l.most[m] = endless
			}
		}
		limits = append(limits, l)
	}
	return limits
}

// home tells whether a term is about the pods' own namespace. A selector for some labels of namespaces, which are not known,
// is taken not to be.
func (r reader) home(term corev1.PodAffinityTerm) bool {
	everywhere := term.NamespaceSelector != nil && len(term.NamespaceSelector.MatchLabels)+len(term.NamespaceSelector.MatchExpressions) == 0
	unsaid := term.NamespaceSelector == nil && len(term.Namespaces) == 0
	return everywhere || unsaid || slices.Contains(term.Namespaces, r.pod.Namespace)
}

// spread reads spread constraints, by the room that the places have otherwise.
func (r reader) spread(p *places) []limit {
	var limits []limit
	for _, c := range r.hard {
		selector, apart := r.selects(c.LabelSelector)
		if selector == nil || selector.Empty() { // the scheduler counts no pod for an empty one
			continue
		}
		l := limit{division: p.divide(c.TopologyKey), apart: apart, one: called(c.TopologyKey)}
		others := r.others(selector, len(p.nodes))
		counts, rooms := make([]bool, len(p.nodes)), map[int]int{}
		for i, n := range p.nodes {
			switch counts[i] = r.includes(c, n); {
			case !counts[i]:
			case others > 0:
				rooms[l.of[i]] = endless // of pods that are not bound by the same
			default:
				rooms[l.of[i]] += p.atOnce(i)
			}
		}
		atRest := newSpread(c, p.pods+others, rooms)
		ever := atRest
		ever.pods += max(r.of.Max-r.of.Replicas, 0)
		if !apart {
			ever.pods = others + most(r.of, len(p.nodes))
		}
		cordoned := 0
		if ptr.Deref(c.NodeTaintsPolicy, corev1.NodeInclusionPolicyIgnore) == corev1.NodeInclusionPolicyHonor {
			cordoned = p.together(l.division, counts, p.hosts)
		}
		away := p.together(l.division, counts, slices.Concat(p.hosts, p.zones))
		for m, s := range [moments]spread{atRest, ever, ever} {
			lost := [moments]int{0, cordoned, cordoned + away}[m]
			l.most[m] = s.most(lost)
			l.why[m] = fmt.Sprintf("spread over %s, skew %d: %d a %s", c.TopologyKey, c.MaxSkew, l.most[m], l.one)
			if moment(m) != placed && apart && r.mixed() {
				l.most[m] = endless
			}
		}
		limits = append(limits, l)
	}
	return limits
}

// includes tells whether a spread constraint counts the pods on a node.
func (r reader) includes(c corev1.TopologySpreadConstraint, n *corev1.Node) bool {
	return r.counts(n) &&
		(ptr.Deref(c.NodeAffinityPolicy, corev1.NodeInclusionPolicyHonor) == corev1.NodeInclusionPolicyIgnore || r.fit.selects(n)) &&
		(ptr.Deref(c.NodeTaintsPolicy, corev1.NodeInclusionPolicyIgnore) == corev1.NodeInclusionPolicyIgnore || r.fit.tolerates(n))
}

// others is how many pods of other workloads a selector counts, at most.
func (r reader) others(selector labels.Selector, nodes int) int {
	count := 0
	for i, w := range r.system.workloads {
		if w == r.of || w.Namespace != r.of.Namespace || !selector.Matches(r.system.labels[i]) {
			continue
		}
		count += most(w, nodes)
	}
	return count
}

// most is how many pods of a workload there are at once, whatever it is scaled to and while it rolls. The surge may be a
// percentage, and grows with it.
func most(w *workload.Workload, nodes int) int {
	switch {
	case w.Kind == workload.DaemonSet:
		return nodes + w.Rollout.MaxSurge
	case w.Max > w.Replicas && w.Replicas > 0:
		return w.Max + (w.Rollout.MaxSurge*w.Max+w.Replicas-1)/w.Replicas
	}
	return max(w.Replicas, w.Max) + w.Rollout.MaxSurge
}

// called is what a domain of a key is called.
func called(key string) string {
	switch key {
	case cluster.HostLabel:
		return "node"
	case cluster.ZoneLabel:
		return "zone"
	}
	return key[strings.LastIndex(key, "/")+1:]
}
