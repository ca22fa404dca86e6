package guarantee

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// fixer finds the constraints that would prove what is not proven.
type fixer struct {
	topology *topology
	all      *pods
}

// spreadOver returns the topology spread over a kind of failure domain that would prove its failure, as an instruction; "" if there is
// none. It computes the bounds with this constraint in place of any other required spread over the same key.
func (f fixer) spreadOver(i int, d failureDomains) string {
	w := *f.all.workloads[i]
	if w.Kind == workload.DaemonSet || w.Replicas < 2 || w.Selector == nil {
		return ""
	}
	least := min(w.Replicas, len(d.all))
	c := corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: d.kind.Label, WhenUnsatisfiable: corev1.DoNotSchedule, MinDomains: ptr.To(int32(least)),
		LabelSelector: &metav1.LabelSelector{MatchLabels: w.Template.Labels}, NodeTaintsPolicy: ptr.To(corev1.NodeInclusionPolicyHonor)}
	verb, more := "add a", ""
	if w.Kind == workload.Deployment {
		c.MatchLabelKeys, more = []string{"pod-template-hash"}, " and matchLabelKeys [pod-template-hash]"
	}
	w.Template = *w.Template.DeepCopy()
	spec := &w.Template.Spec
	kept := slices.DeleteFunc(spec.TopologySpreadConstraints, func(o corev1.TopologySpreadConstraint) bool {
		return o.TopologyKey == c.TopologyKey && o.WhenUnsatisfiable == c.WhenUnsatisfiable
	})
	if len(kept) < len(f.all.workloads[i].Template.Spec.TopologySpreadConstraints) {
		verb = "change the"
	}
	spec.TopologySpreadConstraints = append(kept, c)
	trial := f.all.with(i, &w)
	for _, b := range newPlaces(f.topology, newReader(trial, i), i).guarantee().Bounds {
		if b.Domain == d.kind && !(b.Placed.Serves && b.AfterRollouts.Serves && b.AfterFailures.Serves) {
			return ""
		}
	}
	return fmt.Sprintf("%s required topology spread over %s: maxSkew 1, minDomains %d, nodeTaintsPolicy Honor%s", verb, d.kind.Label, least, more)
}

// with returns the pods with another workload in place of the i-th.
func (all *pods) with(i int, w *workload.Workload) *pods {
	other := *all
	other.workloads, other.pods = slices.Clone(all.workloads), slices.Clone(all.pods)
	other.workloads[i], other.pods[i] = w, w.Pod(0, 1)
	return &other
}

// fix adds what would prove the events of the i-th workload.
func (f fixer) fix(g *Guarantee, i int) {
	const run = "run more pods: no constraint proves it for these"
	over := map[cluster.Domain]string{}
	for n, b := range g.Bounds {
		if proof := &g.Failures[n]; !proof.Serves && proof.Fix == "" {
			if over[b.Domain] = f.spreadOver(i, f.topology.domains[slices.IndexFunc(f.topology.domains, func(d failureDomains) bool { return d.kind == b.Domain })]); over[b.Domain] == "" {
				over[b.Domain] = run
			}
			proof.Fix, proof.Spread = over[b.Domain], over[b.Domain] != run
		}
	}
	if !g.Drain.Serves && g.Drain.Fix == "" {
		if g.Drain.Fix = over[cluster.Node]; g.Pods > 1 && (g.Drain.Fix == "" || g.Drain.Fix == run) {
			g.Drain.Fix = "add a PodDisruptionBudget with maxUnavailable 1"
		}
	}
}
