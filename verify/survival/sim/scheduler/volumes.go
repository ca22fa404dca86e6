package scheduler

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
)

// volumes is a plugin in place of VolumeBinding, which reads the topology of volumes from claims, PersistentVolumes and
// storage classes. Unlike node affinity, the topology does not exclude nodes from the domains of spread constraints.
type volumes struct {
	// selectors are the node selectors of the pod's volumes. All must match.
	selectors []*corev1.NodeSelector
}

func (v *volumes) plugin(context.Context, runtime.Object, fwk.Handle) (fwk.Plugin, error) {
	return v, nil
}

// Name returns the name of the plugin that this one replaces.
func (*volumes) Name() string { return names.VolumeBinding }

// Filter refuses nodes on which a volume of the pod is not usable.
func (v *volumes) Filter(_ context.Context, _ fwk.CycleState, _ *corev1.Pod, n fwk.NodeInfo) *fwk.Status {
	for _, selector := range v.selectors {
		if fits, err := nodeaffinity.NewLazyErrorNodeSelector(selector).Match(n.Node()); err != nil || !fits {
			return fwk.NewStatus(fwk.UnschedulableAndUnresolvable, reasonNodeConflict)
		}
	}
	return nil
}

// SignPod disables the framework's reuse of results for similar pods. Without the method the framework logs a warning.
func (*volumes) SignPod(context.Context, *corev1.Pod) ([]fwk.SignFragment, *fwk.Status) {
	return nil, fwk.NewStatus(fwk.Unschedulable)
}

// reasonNodeConflict is ErrReasonNodeConflict in pkg/scheduler/framework/plugins/volumebinding.
const reasonNodeConflict = "node(s) didn't match PersistentVolume's node affinity"

// terms returns the terms of all selectors.
func (v *volumes) terms() []corev1.NodeSelectorTerm {
	var all []corev1.NodeSelectorTerm
	for _, selector := range v.selectors {
		all = append(all, selector.NodeSelectorTerms...)
	}
	return all
}
