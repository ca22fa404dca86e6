package scheduler

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
)

// volumes are where the disks of the pod can be used that is asked about: on nodes that each of them matches. It stands for the plugin
// VolumeBinding, which reads that from claims, PersistentVolumes and storage classes. It is nothing that the pod requires of nodes
// itself: for spread constraints, those on which it cannot be are domains all the same.
type volumes struct{ on []*corev1.NodeSelector }

func (v *volumes) plugin(context.Context, runtime.Object, fwk.Handle) (fwk.Plugin, error) {
	return v, nil
}

// Name is that of kube-scheduler's plugin, so that this one has its turn.
func (*volumes) Name() string { return names.VolumeBinding }

// Filter refuses a node on which a disk of the pod cannot be used.
func (v *volumes) Filter(_ context.Context, _ fwk.CycleState, _ *corev1.Pod, n fwk.NodeInfo) *fwk.Status {
	for _, on := range v.on {
		if fits, err := nodeaffinity.NewLazyErrorNodeSelector(on).Match(n.Node()); err != nil || !fits {
			return fwk.NewStatus(fwk.UnschedulableAndUnresolvable, elsewhere)
		}
	}
	return nil
}

// SignPod says that results are not to be kept for like pods. They are not, here; a plugin that does not say it makes the framework log it.
func (*volumes) SignPod(context.Context, *corev1.Pod) ([]fwk.SignFragment, *fwk.Status) {
	return nil, fwk.NewStatus(fwk.Unschedulable)
}

// elsewhere is what kube-scheduler says of such a node (ErrReasonNodeConflict in pkg/scheduler/framework/plugins/volumebinding).
const elsewhere = "node(s) didn't match PersistentVolume's node affinity"

// terms are all of the disks'.
func (v *volumes) terms() []corev1.NodeSelectorTerm {
	var all []corev1.NodeSelectorTerm
	for _, on := range v.on {
		all = append(all, on.NodeSelectorTerms...)
	}
	return all
}
