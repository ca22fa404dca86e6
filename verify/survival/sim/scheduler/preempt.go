package scheduler

import (
	"cmp"
	"context"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
	"k8s.io/utils/ptr"
)

// Preempt finds the node that kube-scheduler would nominate for a pod that fits nowhere, and the pods that it would delete
// there, the most important first. All pods need their priority in the spec, where admission puts it. The node is "" if that
// helps nowhere, or the pod may not. It stays the same, and nobody is deleted, while one that was deleted there for a pod like
// this (condition DisruptionTarget) still goes. Nothing is changed.
//
// Which pods of a node have to go is what the plugin DefaultPreemption says, which spares budgets where it can: how many
// more pods each allows is in its status; they are asked for if they matter. Disks are as in Place. The choice among nodes follows the plugin's own,
// pickOneNodeForPreemption, which draws lots among equals; here the first by name is taken. As in the plugin, not all nodes of
// a large cluster are tried, but a tenth or a hundred; here the first by name, there from anywhere.
func (s *Scheduler) Preempt(ctx context.Context, pod *corev1.Pod, budgets func() []*policyv1.PodDisruptionBudget, disks ...*corev1.NodeSelector) (node string, victims []*corev1.Pod, err error) {
	if !s.nodes.below(priority(pod)) {
		return "", nil, nil
	}
	s.volumes.on = disks
	s.listers.meet(pod)
	// Taking pods off a node changes what was counted on others: all have to be seen.
	s.shown.showAll()
	state := framework.NewCycleState()
	only, status, _ := s.framework.RunPreFilterPlugins(ctx, state, pod)
	if status.IsRejected() {
		return "", nil, nil // for a reason that no pod's going removes
	}
	if !status.IsSuccess() {
		return "", nil, status.AsError()
	}
	on := func(one string) *fwk.Status {
		n := s.nodes.byName[one]
		if n == nil || !only.AllNodes() && !only.NodeNames.Has(one) {
			return fwk.NewStatus(fwk.UnschedulableAndUnresolvable)
		}
		return s.framework.RunFilterPluginsWithNominatedPods(ctx, state, pod, n.info)
	}
	if may, _ := s.preempts.PodEligibleToPreemptOthers(ctx, pod, on(pod.Status.NominatedNodeName)); !may {
		return pod.Status.NominatedNodeName, nil, nil
	}
	var full []fwk.NodeInfo
	for _, n := range s.nodes.list {
		if on(n.name()).Code() == fwk.Unschedulable {
			full = append(full, n.info)
		}
	}
	if len(full) == 0 {
		return "", nil, nil
	}
	_, enough := s.preempts.GetOffsetAndNumCandidates(int32(len(full)))
	candidates, _, err := s.preempts.Evaluator.DryRunPreemption(ctx, state, pod, full, budgets(), 0, enough)
	if len(candidates) == 0 {
		return "", nil, err
	}
	best := slices.MinFunc(candidates, compareCandidates)
	return best.Name(), best.Victims().Pods, nil
}

// compareCandidates orders nodes as pickOneNodeForPreemption does, and equal ones by name.
func compareCandidates(a, b preemption.Candidate) int {
	x, y := a.Victims(), b.Victims()
	return cmp.Or(
		cmp.Compare(x.NumPDBViolations, y.NumPDBViolations),
		cmp.Compare(priority(x.Pods[0]), priority(y.Pods[0])),
		cmp.Compare(weight(x.Pods), weight(y.Pods)),
		cmp.Compare(len(x.Pods), len(y.Pods)),
		cmp.Compare(earliest(y.Pods), earliest(x.Pods)),
		cmp.Compare(a.Name(), b.Name()),
	)
}

// weight is the sum of pods' priorities, each made positive, so that a pod more always weighs more.
func weight(pods []*corev1.Pod) int64 {
	var sum int64
	for _, p := range pods {
		sum += int64(priority(p)) + math.MaxInt32 + 1
	}
	return sum
}

// earliest is when the first of those pods started that have the highest priority.
func earliest(pods []*corev1.Pod) int64 {
	first := int64(math.MaxInt64)
	for _, p := range pods {
		if priority(p) == priority(pods[0]) {
			first = min(first, started(p))
		}
	}
	return first
}

// moreImportant tells which of two pods stays rather: the one of higher priority, then the older one, as in
// kube-scheduler, then the first by name.
func moreImportant(a, b *corev1.Pod) bool {
	return cmp.Or(
		cmp.Compare(priority(b), priority(a)),
		cmp.Compare(started(a), started(b)),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
	) < 0
}

// started is when a pod was started; one that does not say was just now, like all others that do not.
func started(p *corev1.Pod) int64 {
	if p.Status.StartTime == nil {
		return math.MaxInt64
	}
	return p.Status.StartTime.UnixNano()
}

func priority(p *corev1.Pod) int32 { return ptr.Deref(p.Spec.Priority, 0) }

// below tells whether there is a pod of a lower priority.
func (n *nodes) below(p int32) bool {
	for has := range n.priorities {
		if has < p {
			return true
		}
	}
	return false
}
