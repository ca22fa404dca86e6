package guarantee

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// fixer finds the constraints that would prove what is not proven for the i-th workload. It proposes a constraint only after it has
// computed the proofs of the workload with it.
type fixer struct {
	topology *topology
	all      *pods
	provers  []prover
	i        int
}

// change is a constraint to add to the pods, or to put in place of others, as an instruction.
type change struct {
	text  string
	apply func(*corev1.PodSpec)
}

// constraint returns the constraint that would prove the failure of any domain of a kind, and whether it proves node failures and
// drains as well. For nodes, one that proves drains comes first. The text is "" if there is none.
func (f fixer) constraint(kind cluster.Domain) (text string, everywhere bool) {
	w := f.all.workloads[f.i]
	if w.Kind == workload.DaemonSet || w.Replicas < 2 || w.Selector == nil {
		return "", false
	}
	const more = 2 // pods, which make a majority out of two
	for replicas := w.Replicas; replicas <= w.Replicas+more && text == ""; replicas++ {
		for _, c := range f.changes(kind, replicas) {
			changed := *w
			changed.Replicas, changed.Max = replicas, max(w.Max, replicas)
			changed.Template = *w.Template.DeepCopy()
			c.apply(&changed.Template.Spec)
			proves, onNodes := f.try(&changed, kind)
			if !proves || text != "" && (everywhere || !onNodes) {
				continue
			}
			if text, everywhere = c.text, onNodes; replicas > w.Replicas {
				text = fmt.Sprintf("run %d pods and %s", replicas, c.text)
			}
		}
		if w.Group != nil {
			break
		}
	}
	return text, everywhere
}

// changes are the constraints that keep the pods on different domains of a kind, in the order in which they are tried.
func (f fixer) changes(kind cluster.Domain, replicas int) []change {
	w := f.all.workloads[f.i]
	selector, selects := f.selector()
	if selector == nil {
		return nil
	}
	term := corev1.PodAffinityTerm{TopologyKey: kind.Label, LabelSelector: selector}
	if w.RequiresApart != "" && kind == cluster.Node {
		return []change{{"set " + w.RequiresApart, func(s *corev1.PodSpec) { repel(s, term) }}}
	}
	least := min(replicas, f.accepting(kind))
	c := corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: kind.Label, WhenUnsatisfiable: corev1.DoNotSchedule, MinDomains: ptr.To(int32(max(least, 1))),
		LabelSelector: selector, NodeTaintsPolicy: ptr.To(corev1.NodeInclusionPolicyHonor)}
	revision, ofRevision := "", ""
	if w.Kind == workload.Deployment && w.HashLabel != "" {
		c.MatchLabelKeys, term.MatchLabelKeys = []string{w.HashLabel}, []string{w.HashLabel}
		revision, ofRevision = fmt.Sprintf(" and matchLabelKeys [%s]", w.HashLabel), fmt.Sprintf(" with matchLabelKeys [%s]", w.HashLabel)
	}
	replaces := func(o corev1.TopologySpreadConstraint) bool {
		return o.TopologyKey == c.TopologyKey && o.WhenUnsatisfiable == c.WhenUnsatisfiable
	}
	verb, instead := "add a", ""
	if slices.ContainsFunc(w.Template.Spec.TopologySpreadConstraints, replaces) {
		verb, instead = "change the", " in place of the topology spread"
	}
	most := ""
	if w.Max > replicas {
		most = fmt.Sprintf(". It needs a %s for each pod, up to %d pods. A topology spread does not prove it: a scale-down may leave too many pods on one %s", kind.Name, w.Max, kind.Name)
	}
	return []change{
		{fmt.Sprintf("%s required topology spread over %s: maxSkew 1, minDomains %d, nodeTaintsPolicy Honor%s%s%s", verb, kind.Label, least, revision, selects, f.at("topologySpreadConstraints")),
			func(s *corev1.PodSpec) {
				s.TopologySpreadConstraints = append(slices.DeleteFunc(s.TopologySpreadConstraints, replaces), c)
			}},
		{fmt.Sprintf("add required anti-affinity on %s%s%s%s%s%s", kind.Label, ofRevision, selects, f.at("affinity"), instead, most), func(s *corev1.PodSpec) {
			s.TopologySpreadConstraints = slices.DeleteFunc(s.TopologySpreadConstraints, replaces)
			repel(s, term)
		}},
	}
}

// repel adds required anti-affinity.
func repel(s *corev1.PodSpec, term corev1.PodAffinityTerm) {
	if s.Affinity == nil {
		s.Affinity = &corev1.Affinity{}
	}
	if s.Affinity.PodAntiAffinity == nil {
		s.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	anti := s.Affinity.PodAntiAffinity
	anti.RequiredDuringSchedulingIgnoredDuringExecution = append(anti.RequiredDuringSchedulingIgnoredDuringExecution, term)
}

// selector returns a selector of the workload's pods that selects no others: its own, or all labels of its pods. It is nil if both
// select others. The text names the labels unless they are those of the object's own selector.
func (f fixer) selector() (s *metav1.LabelSelector, text string) {
	w := f.all.workloads[f.i]
	for _, s := range []*metav1.LabelSelector{w.Selector, {MatchLabels: w.Template.Labels}} {
		matches, err := metav1.LabelSelectorAsSelector(s)
		if err != nil || slices.ContainsFunc(f.all.byLabels.Candidates(w.Namespace, matches), func(i int) bool {
			p := f.all.pods[i]
			return i != f.i && p.Namespace == w.Namespace && matches.Matches(labels.Set(p.Labels))
		}) {
			continue
		}
		if s == w.Selector && w.Object.Origin() == w.Object {
			return s, ""
		}
		var all []string
		for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
			all = append(all, key+": "+s.MatchLabels[key])
		}
		return s, fmt.Sprintf(", labelSelector {%s}", strings.Join(all, ", "))
	}
	return nil, ""
}

// at names the field of a custom resource that has a field of the pods; "" for other objects.
func (f fixer) at(field string) string {
	w := f.all.workloads[f.i]
	if w.Object.Origin() == w.Object {
		return ""
	}
	if path := w.Object.Field(w.Path("spec", field)...); path != "" {
		return ", in " + path
	}
	return ""
}

// accepting counts the domains of a kind with a node that accepts the pods.
func (f fixer) accepting(kind cluster.Domain) int {
	n := 0
	for _, d := range f.topology.domains {
		for _, one := range d.all {
			if d.kind == kind && slices.ContainsFunc(one.nodes, func(n int) bool { return f.provers[f.i].capacity[n] > 0 }) {
				n++
			}
		}
	}
	return n
}

// try reports whether a changed workload survives the failure of any domain of a kind, and whether it survives node failures and drains.
// No other event of it may lose its proof.
func (f fixer) try(w *workload.Workload, kind cluster.Domain) (proves, onNodes bool) {
	own, now := f.provers[f.i], &f.provers[f.i]
	defer f.all.put(f.i, f.all.workloads[f.i], f.all.pods[f.i])
	defer func() { *now = own }()
	f.all.put(f.i, w, w.Pod(0, 1))
	r := newReader(f.all, f.i)
	p := newPlaces(f.topology, r)
	g := p.guarantee()
	*now = prover{replacement: newReplacement(p, r, f.i), guarantee: &g, onNode: g.For(cluster.Node).AfterFailures.Pods}
	proves, onNodes = true, true
	for _, b := range g.Bounds {
		serves := now.failure(b).Serves
		proves = proves && (serves || b.Domain != kind)
		onNodes = onNodes && (serves || b.Domain != cluster.Node)
	}
	before := own.guarantee
	if steady, rollout := now.steadyState(), now.rollout(); !steady.Completes && before.SteadyState.Completes || !rollout.Completes && before.Rollout.Completes {
		return false, false
	}
	drain, kept := now.drain(f.all, f.provers, f.i), before.Drain.Serves && before.Drain.Completes
	if drains := drain.Serves && drain.Completes; !drains {
		return proves && !kept, false
	}
	return proves, onNodes
}

// put puts a workload in place of the i-th. It has the same labels.
func (all *pods) put(i int, w *workload.Workload, pod *corev1.Pod) {
	all.workloads[i], all.pods[i] = w, pod
}

// fix adds what would prove the events of the workload.
func (f fixer) fix(g *Guarantee) {
	for n, b := range g.Bounds {
		if proof := &g.Failures[n]; !proof.Serves {
			if proof.Fix, proof.Everywhere = f.constraint(b.Domain); proof.Fix == "" {
				proof.Fix = f.otherwise(b.Domain)
			}
		}
	}
	if drain := &g.Drain; g.Pods > 1 && drain.Fix == "" && !(drain.Serves && drain.Completes) {
		drain.Fix = f.drain(g)
	}
}

// drain returns what would prove a drain: a constraint that proves node failures as well, or a budget.
func (f fixer) drain(g *Guarantee) string {
	if node := g.Failure(cluster.Node); !node.Serves && node.Everywhere {
		return node.Fix
	}
	if f.accepting(cluster.Node) < 2 {
		return f.otherwise(cluster.Node)
	}
	if fix, everywhere := f.constraint(cluster.Node); everywhere {
		return fix
	}
	if w := f.all.workloads[f.i]; len(f.all.budgetsOf(f.i)) == 0 && w.Selector != nil {
		return "add a PodDisruptionBudget with maxUnavailable 1"
	}
	return "keep the pods that its PodDisruptionBudget selects on different nodes"
}

// otherwise returns what may help if no constraint proves the failure of a domain.
func (f fixer) otherwise(kind cluster.Domain) string {
	w := f.all.workloads[f.i]
	switch accepting := f.accepting(kind); {
	case w.Kind == workload.DaemonSet:
		return "let it serve without the pods of one " + kind.Name
	case accepting < 2:
		if closed := f.closed(); kind == cluster.Node && closed != "" {
			return "make another node schedulable: " + closed
		}
		return fmt.Sprintf("let the pods run in another %s: %s", kind.Name, "add one, or change the node selector, affinity or tolerations")
	case w.Replicas < 2:
		return "run more pods"
	default:
		return fmt.Sprintf("use more %ss or run more pods: a constraint between %d pods on %d %ss does not prove it", kind.Name, w.Replicas, accepting, kind.Name)
	}
}

// closed lists up to three nodes that accept no pods because they are cordoned or unreachable; "" without any.
func (f fixer) closed() string {
	var all []string
	for _, n := range f.topology.nodes {
		for _, taint := range n.Spec.Taints {
			switch {
			case n.Spec.Unschedulable:
			case taint.Key == corev1.TaintNodeUnreachable:
				all = append(all, n.Name+" is unreachable")
			case taint.Key == corev1.TaintNodeNotReady:
				all = append(all, n.Name+" is not ready")
			default:
				continue
			}
			break
		}
		if n.Spec.Unschedulable {
			all = append(all, n.Name+" is cordoned")
		}
	}
	const most = 3
	if len(all) > most {
		all = append(all[:most], fmt.Sprintf("%d others", len(all)-most))
	}
	return strings.Join(slices.Compact(all), ", ")
}
