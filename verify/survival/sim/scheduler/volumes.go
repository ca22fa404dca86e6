package scheduler

import (
	"cmp"
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
	// of are the volumes of the pod.
	of []Volume
}

// Volume is a volume of a pod.
type Volume struct {
	// Nodes selects the nodes on which it is usable.
	Nodes *corev1.NodeSelector
	// Reason is why other nodes are refused; "" for its topology. The constants are reasons.
	Reason string
}

// The reasons of the plugins VolumeBinding and VolumeRestrictions.
const (
	NoVolume  = "node(s) didn't find available persistent volumes to bind"
	Unbound   = "pod has unbound immediate PersistentVolumeClaims"
	UsedByPod = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
)

func (v *volumes) plugin(context.Context, runtime.Object, fwk.Handle) (fwk.Plugin, error) {
	return v, nil
}

// Name returns the name of the plugin that this one replaces.
func (*volumes) Name() string { return names.VolumeBinding }

// Filter refuses nodes on which a volume of the pod is not usable.
func (v *volumes) Filter(_ context.Context, _ fwk.CycleState, _ *corev1.Pod, n fwk.NodeInfo) *fwk.Status {
	for _, one := range v.of {
		if fits, err := nodeaffinity.NewLazyErrorNodeSelector(one.Nodes).Match(n.Node()); err != nil || !fits {
			return fwk.NewStatus(fwk.UnschedulableAndUnresolvable, cmp.Or(one.Reason, reasonNodeConflict))
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
	for _, one := range v.of {
		all = append(all, one.Nodes.NodeSelectorTerms...)
	}
	return all
}
