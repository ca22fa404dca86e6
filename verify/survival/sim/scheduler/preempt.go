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
)

// Preempt returns the node that kube-scheduler would nominate for a pod that fits on no node, and the pods that it
// would delete there, the most important first. The node is "" if preemption helps on no node, or the pod must not
// preempt. While a pod that was preempted for this one (condition DisruptionTarget) terminates on the nominated node,
// that node is returned without victims. Preempt changes nothing. All pods need a priority in their spec, which
// admission sets.
//
// The plugin DefaultPreemption selects the victims on each node. It spares budgets where it can, and reads the allowed
// disruptions from their status; budgets is called only if that matters. Volumes are as in Place. The node is chosen as
// by the plugin's pickOneNodeForPreemption, and by name among equals, where the plugin chooses at random. As in the
// plugin, a tenth of the candidates, or 100, are tried: here the first by name, there from a random offset.
func (s *Scheduler) Preempt(ctx context.Context, pod *corev1.Pod, budgets func() []*policyv1.PodDisruptionBudget, volumes ...Volume) (node string, victims []*corev1.Pod, err error) {
	if !s.nodes.havePriorityBelow(priority(pod)) {
		return "", nil, nil
	}
	s.volumes.of = volumes
	s.listers.ensureNamespace(pod)
	// Removing victims changes the pod counts of other nodes too, so the plugins need all nodes.
	s.snapshot.addAll()
	state := framework.NewCycleState()
	only, status, _ := s.framework.RunPreFilterPlugins(ctx, state, pod)
	if status.IsRejected() {
		return "", nil, nil // for a reason that preemption does not remove
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
	if may, _ := s.preemption.PodEligibleToPreemptOthers(ctx, pod, on(pod.Status.NominatedNodeName)); !may {
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
	_, enough := s.preemption.GetOffsetAndNumCandidates(int32(len(full)))
	candidates, _, err := s.preemption.Evaluator.DryRunPreemption(ctx, state, pod, full, budgets(), 0, enough)
	if len(candidates) == 0 {
		return "", nil, err
	}
	best := slices.MinFunc(candidates, compareCandidates)
	return best.Name(), best.Victims().Pods, nil
}

// compareCandidates orders nodes as pickOneNodeForPreemption does, then by name.
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

// weight returns the sum of the priorities, each made positive, so that more pods always weigh more.
func weight(pods []*corev1.Pod) int64 {
	var sum int64
	for _, p := range pods {
		sum += int64(priority(p)) + math.MaxInt32 + 1
	}
	return sum
}

// earliest returns the first start time of the pods with the highest priority.
func earliest(pods []*corev1.Pod) int64 {
	first := int64(math.MaxInt64)
	for _, p := range pods {
		if priority(p) == priority(pods[0]) {
			first = min(first, started(p))
		}
	}
	return first
}
