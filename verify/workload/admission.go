package workload

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	api "k8s.io/kubernetes/pkg/apis/core"
	coredefaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// admit changes the pod templates as admission plugins change the pods: LimitRanges set requests and limits, RuntimeClasses set the
// overhead and the nodes.
func (s *System) admit() error {
	var limits []*corev1.LimitRange
	classes := map[string]*nodev1.RuntimeClass{}
	for _, o := range s.Objects {
		var err error
		switch {
		case o.Group() == "" && o.Kind == "LimitRange":
			err = as(func(_ *System, _ *manifest.Object, d *corev1.LimitRange) error {
				coredefaults.SetObjectDefaults_LimitRange(d)
				limits = append(limits, d)
				return nil
			})(s, o)
		case o.Group() == nodev1.GroupName && o.Kind == "RuntimeClass":
			err = as(func(_ *System, _ *manifest.Object, d *nodev1.RuntimeClass) error {
				classes[d.Name] = d
				return nil
			})(s, o)
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(limits, func(a, b *corev1.LimitRange) int { return cmp.Compare(a.Name, b.Name) })
	for _, w := range s.Workloads {
		for _, l := range limits {
			if l.Namespace == w.Namespace {
				if err := w.setDefaultResources(l); err != nil {
					return err
				}
			}
		}
		s.setRuntimeClass(w, classes)
	}
	return nil
}

// setDefaultResources sets the requests and limits of a LimitRange, by the code of its admission plugin. Requests are equal to the
// limits before that, as for every pod.
func (w *Workload) setDefaultResources(limits *corev1.LimitRange) error {
	pod := corev1.Pod{Spec: *w.Template.Spec.DeepCopy()}
	coredefaults.SetObjectDefaults_Pod(&pod)
	var internal api.Pod
	if err := coredefaults.Convert_v1_Pod_To_core_Pod(&pod, &internal, nil); err != nil {
		return w.Object.Errorf(w.Path("spec"), "%w", err)
	}
	if err := limitranger.PodMutateLimitFunc(limits, &internal); err != nil {
		return w.Object.Errorf(w.Path("spec"), "%w", err)
	}
	var changed corev1.Pod
	if err := coredefaults.Convert_core_Pod_To_v1_Pod(&internal, &changed, nil); err != nil {
		return w.Object.Errorf(w.Path("spec"), "%w", err)
	}
	for i := range w.Template.Spec.Containers {
		w.Template.Spec.Containers[i].Resources = changed.Spec.Containers[i].Resources
	}
	for i := range w.Template.Spec.InitContainers {
		w.Template.Spec.InitContainers[i].Resources = changed.Spec.InitContainers[i].Resources
	}
	return nil
}

// setRuntimeClass sets what the RuntimeClass of the pods sets (plugin/pkg/admission/runtimeclass).
func (s *System) setRuntimeClass(w *Workload, classes map[string]*nodev1.RuntimeClass) {
	spec := &w.Template.Spec
	if spec.RuntimeClassName == nil {
		return
	}
	class := classes[*spec.RuntimeClassName]
	if class == nil {
		s.assume(w.Object, fmt.Sprintf("RuntimeClass %s is not in the input: assumed to exist, and to change neither resources nor nodes", *spec.RuntimeClassName), w.Path("spec", "runtimeClassName")...)
		return
	}
	if class.Overhead != nil {
		spec.Overhead = class.Overhead.PodFixed
	}
	if class.Scheduling != nil {
		nodes := maps.Clone(class.Scheduling.NodeSelector)
		if nodes == nil {
			nodes = map[string]string{}
		}
		maps.Copy(nodes, spec.NodeSelector)
		spec.NodeSelector = nodes
		spec.Tolerations = append(slices.Clone(spec.Tolerations), class.Scheduling.Tolerations...)
	}
}
