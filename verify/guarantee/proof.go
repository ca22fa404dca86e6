package guarantee

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Proof is what holds in an event wherever the scheduler places the pods.
type Proof struct {
	// Serves: the workload keeps serving.
	Serves bool
	// Completes: the event ends; in the steady state, every pod has a node.
	Completes bool
	// Replaced: the pods that the event takes are replaced on other nodes.
	Replaced bool
	// After is the history that leads to the placement in Why: "" for none, "rolled" or "healed".
	After string
	// Why is the reason why one of these does not hold, for people; "" if the workload serves and the event ends.
	Why string
	// Fix is what would prove it, and Everywhere whether that proves node failures and drains as well.
	Fix        string
	Everywhere bool
}

// prover proves the events of one workload.
type prover struct {
	*replacement
	guarantee *Guarantee
	// onNode is how many of the workload's own pods one node can hold after failures.
	onNode int
}

// prove adds the proofs to the guarantees of all workloads.
func prove(all *pods, provers []prover) {
	for i, p := range provers {
		g := p.guarantee
		for _, b := range g.Bounds {
			g.Failures = append(g.Failures, p.failure(b))
		}
		g.SteadyState, g.Rollout, g.Drain = p.steadyState(), p.rollout(), p.drain(all, provers, i)
	}
	preempting := preempting(all, provers)
	for i, p := range provers {
		fixer{p.topology, all, provers, i}.fix(p.guarantee)
		unsafe := p.preempted(preempting)
		held, fix := heldBack(p.workload)
		for _, proof := range p.proofs() {
			switch {
			case unsafe != "":
				*proof = Proof{Why: unsafe, Fix: "give it the priority of the other workload, or preemptionPolicy: Never to that one"}
			case held != "":
				*proof = Proof{Why: held, Fix: fix}
			}
		}
	}
}

// heldBack returns what new pods wait for, and how they would not; "" if they wait for nothing.
func heldBack(w *workload.Workload) (why, fix string) {
	const gates = "remove the gates from the pod template"
	spec := w.Template.Spec
	switch {
	case len(spec.SchedulingGates) > 0:
		return fmt.Sprintf("a pod has no node before the scheduling gate %s is removed", spec.SchedulingGates[0].Name), gates
	case len(spec.ReadinessGates) > 0:
		return fmt.Sprintf("a pod is not Ready before the condition %s of its readiness gate is True", spec.ReadinessGates[0].ConditionType), gates
	}
	return w.ByHand(), "let it start by itself, such as by a seal stanza of Vault"
}

func (p prover) proofs() []*Proof {
	all := []*Proof{&p.guarantee.SteadyState, &p.guarantee.Drain, &p.guarantee.Rollout}
	for i := range p.guarantee.Failures {
		all = append(all, &p.guarantee.Failures[i])
	}
	return all
}

// Failure returns the proof for the failure of one domain of a kind; nil if no node is in a domain of this kind.
func (g Guarantee) Failure(d cluster.Domain) *Proof {
	for i := range g.Bounds {
		if g.Bounds[i].Domain == d {
			return &g.Failures[i]
		}
	}
	return nil
}

// preempted returns which workload may take the nodes of this one's pods; "" if there is none.
func (p prover) preempted(preempting []*workload.Workload) string {
	own := priority(p.workload)
	for _, w := range preempting {
		if priority(w) > own {
			return fmt.Sprintf("%s has a higher priority and may preempt its pods", w)
		}
	}
	return ""
}

// preempting returns the workloads whose pods may find no free node, and preempt those of a lower priority.
func preempting(all *pods, provers []prover) []*workload.Workload {
	lowest := int32(math.MaxInt32)
	for _, w := range all.workloads {
		lowest = min(lowest, priority(w))
	}
	var preempting []*workload.Workload
	for i, p := range provers {
		w := all.workloads[i]
		if priority(w) == lowest || w.Template.Spec.PreemptionPolicy != nil && *w.Template.Spec.PreemptionPolicy == corev1.PreemptNever {
			continue
		}
		if p.full > 0 || p.unknown != "" || p.repelled > 0 || slices.ContainsFunc(p.levels, func(l level) bool {
			return slices.ContainsFunc(l.rules, func(r rule) bool { return r.others > 0 })
		}) {
			preempting = append(preempting, w)
		}
	}
	return preempting
}

func priority(w *workload.Workload) int32 {
	if p := w.Template.Spec.Priority; p != nil {
		return *p
	}
	return 0
}

// failure is about the failure of one domain.
func (p prover) failure(b Bounds) Proof {
	proof := Proof{Serves: true, Completes: true}
	for _, h := range []struct {
		after string
		bound Bound
	}{{"", b.Placed}, {"rolled", b.AfterRollouts}, {"healed", b.AfterFailures}} {
		if !h.bound.Serves {
			where := map[string]string{"node": "on one node"}[b.Domain.Name]
			if where == "" {
				where = "in one " + b.Domain.Name
			}
			proof.Serves, proof.After = false, h.after
			proof.Why = fmt.Sprintf("%d of %s may be %s (%s)", h.bound.Pods, count(p.members(), "pod"), where, h.bound.Why)
			break
		}
	}
	if !proof.Serves {
		proof.Replaced = p.replacedAfter(b.Domain)
	}
	return proof
}

// replacedAfter reports whether the pods of any failed domain are replaced. The pods of a StatefulSet and of a node's DaemonSet
// are not before the node is removed.
func (p prover) replacedAfter(d cluster.Domain) bool {
	if p.workload.Kind != workload.Deployment && p.workload.Kind != workload.ReplicaSet {
		return false
	}
	for _, kind := range p.topology.domains {
		if kind.kind == d {
			// The failed pods still count: they are not gone before their node is back or removed.
			return p.without(kind.all, crowd{2*p.pods - 1, 2*p.pods - 1})
		}
	}
	return false
}

// without reports whether a new pod finds a node without any one of some domains.
func (p prover) without(domains []failureDomain, c crowd) bool {
	type shape struct{ accepting, top int }
	seen, sizes := map[shape]bool{}, map[int]int{}
	if len(p.levels) > 0 {
		sizes = p.sizes(p.levels[0].partition, nil)
	}
	for _, d := range domains {
		gone, s := map[int]bool{}, shape{top: none}
		for _, n := range d.nodes {
			if gone[n] = true; p.capacity[n] > 0 {
				s.accepting++
			}
		}
		if len(p.levels) > 0 && len(d.nodes) == 1 {
			s.top = sizes[p.levels[0].of[d.nodes[0]]]
		}
		if len(d.nodes) == 1 && seen[s] {
			continue // like a node before
		}
		seen[s] = true
		if ok, _, _ := p.always(c, gone); !ok {
			return false
		}
	}
	return true
}

// withoutNode reports whether a new pod finds a node without any drained node.
func (p prover) withoutNode() bool {
	return p.without(p.nodeFailures(), crowd{p.pods - 1, p.pods - 1})
}

// steadyState is about the first placement of the pods.
func (p prover) steadyState() Proof {
	proof := Proof{Serves: true, Replaced: true, Completes: true}
	if p.pods == 0 {
		return proof
	}
	if p.workload.Kind == workload.DaemonSet {
		proof.Completes, proof.Why, proof.Fix = p.onEachNode()
	} else {
		proof.Completes, proof.Why, proof.Fix = p.always(crowd{p.pods - 1, p.pods - 1}, nil)
	}
	return proof
}

// onEachNode reports whether the pod of a DaemonSet always finds its node free.
func (p prover) onEachNode() (ok bool, why, fix string) {
	switch {
	case p.unknown != "":
		return false, p.unknown, cmp.Or(p.mend, relax)
	case p.full > 0:
		return false, "the requests of other pods may fill a node", lessRequests
	case p.repelled > 0:
		return false, "other pods may block a node", relax
	}
	return true, "", ""
}

// rollout is about a rollout of the workload. Its controller keeps all but maxUnavailable pods available. A rollout is blocked if the
// first new pod finds no node after as many old ones are gone.
func (p prover) rollout() Proof {
	proof := Proof{Serves: true, Replaced: true}
	w := p.workload
	switch {
	case w.Rollout.Type == "" || w.Rollout.Waits() || p.pods == 0:
		proof.Completes = true
		return proof
	case w.Kind == workload.DaemonSet:
		proof.Completes, proof.Why, proof.Fix = p.onEachNode()
		return proof
	}
	old := p.pods - 1
	if w.Kind == workload.Deployment && w.Rollout.Type != "Recreate" {
		old = max(0, p.pods-w.Rollout.MaxUnavailable)
		if !p.servesWith(old) {
			proof.Serves, proof.Why, proof.Fix = false, fmt.Sprintf("the rollout may leave %d of %s, by maxUnavailable", old, count(p.pods, "pod")), "set maxUnavailable: 0"
		}
	}
	if setting := w.RestartsActive; setting != "" {
		proof.Serves, proof.Why, proof.Fix = false, "the rollout restarts the active pod, and no other pod takes over", "set "+setting
	}
	var why, fix string
	if proof.Completes, why, fix = p.always(crowd{max(old, p.pods-1), p.pods - 1}, nil); !proof.Completes {
		proof.Why, proof.Fix = why, fix
	}
	if p.held && proof.Completes {
		proof.Completes, proof.Why, proof.Fix = false, "the new pod may be on another node than the old one, which has its volume", "set strategy: {type: Recreate}"
	}
	return proof
}

// drain is about a drain of any one node. Pods of a DaemonSet are not evicted, and an unmanaged pod blocks the drain of any node.
func (p prover) drain(all *pods, provers []prover, i int) Proof {
	proof := Proof{Serves: true, Completes: true}
	if p.workload.Kind == workload.DaemonSet || p.workload.Kind == workload.Pod || p.pods == 0 {
		proof.Replaced = true
		return proof
	}
	on := p.guarantee.For(cluster.Node).AfterFailures
	lost := on.Pods
	budgets := all.budgetsOf(i)
	if len(budgets) == 1 {
		selected := all.selectedBy(budgets[0])
		allowed := all.allowed(budgets[0], selected, provers)
		if covers := !slices.ContainsFunc(p.replicatesWith(), func(w *workload.Workload) bool {
			return !slices.ContainsFunc(selected, func(j int) bool { return all.workloads[j] == w })
		}); covers {
			lost = min(lost, allowed)
		}
		together, replaced := 0, true
		for _, j := range selected {
			if all.workloads[j].Kind != workload.DaemonSet {
				together += provers[j].onNode
				replaced = replaced && provers[j].withoutNode()
			}
		}
		if together > allowed && (allowed == 0 || !replaced) {
			proof.Completes = false
			proof.Why = fmt.Sprintf("one node may have %d pods of %s, which allows %s at once, and their replacements may find no node", together, budgets[0].Object, count(allowed, "eviction"))
			if allowed == 0 {
				proof.Fix = allowEviction(budgets[0])
			}
		}
	}
	serves := p.members()-lost >= p.needs() || lost <= 1 && p.workload.Group != nil && p.workload.Group.Zones
	if lost == on.Pods {
		serves = on.Serves
	}
	if !serves && lost > 0 {
		proof.Serves = false
		proof.Why = fmt.Sprintf("%d of %s may be on one node and evicted together (%s)", lost, count(p.members(), "pod"), on.Why)
		proof.Replaced = p.withoutNode()
	}
	return proof
}

// allowEviction is an instruction for a budget that allows none. A custom resource has another field for it.
func allowEviction(b *workload.Budget) string {
	if owner := b.Object.Origin(); owner != b.Object {
		if field := b.Object.Field("spec"); field != "" {
			return fmt.Sprintf("allow an eviction in %s: its operator sets it from %s of %s", b.Object, field, owner)
		}
	}
	return "allow an eviction in " + b.Object.String()
}

// budgetsOf returns the budgets that select the pods of the i-th workload.
func (all *pods) budgetsOf(i int) []*workload.Budget {
	pod := all.pods[i]
	return slices.DeleteFunc(all.selecting.Candidates(pod.Namespace, pod.Labels), func(b *workload.Budget) bool { return !selects(b, pod) })
}

// selectedBy returns the workloads whose pods a budget selects.
func (all *pods) selectedBy(b *workload.Budget) []int {
	var selected []int
	for _, i := range all.byLabels.Candidates(b.Object.Namespace, b.PodSelector) {
		if selects(b, all.pods[i]) {
			selected = append(selected, i)
		}
	}
	return selected
}

func selects(b *workload.Budget, pod *corev1.Pod) bool {
	return b.Object.Namespace == pod.Namespace && b.PodSelector.Matches(labels.Set(pod.Labels))
}

// allowed returns how many evictions a budget allows while all pods are healthy (getExpectedPodCount in
// pkg/controller/disruption/disruption.go). It is 0 for a budget that the simulation shows as blocking.
func (all *pods) allowed(b *workload.Budget, selected []int, provers []prover) int {
	pods := 0
	for _, i := range selected {
		pods += provers[i].pods
	}
	switch {
	case b.MaxUnavailable != nil:
		most, _ := intstr.GetScaledValueFromIntOrPercent(b.MaxUnavailable, pods, true) // validated when it was read
		return min(most, pods)
	case b.MinAvailable != nil:
		least, _ := intstr.GetScaledValueFromIntOrPercent(b.MinAvailable, pods, true)
		return max(0, pods-least)
	}
	return pods
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
