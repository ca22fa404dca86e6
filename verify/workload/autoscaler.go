package workload

import (
	"fmt"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// autoscaler is a HorizontalPodAutoscaler, by the group, kind, namespace and name of what it scales.
type autoscaler struct {
	object *manifest.Object
	bounds autoscalingv1.HorizontalPodAutoscalerSpec
	// other is a second one for the same target: the controller follows neither (AmbiguousSelector).
	other *manifest.Object
	used  bool
}

// keyOf tells objects apart.
func keyOf(group, kind, namespace, name string) string {
	return group + "/" + kind + " " + namespace + "/" + name
}

// noteAutoscaler reads the bounds, which are the same in all versions of the API.
func noteAutoscaler(s *System, o *manifest.Object) error {
	var d autoscalingv1.HorizontalPodAutoscaler
	if err := o.Decode(&d); err != nil {
		return err
	}
	if d.Spec.MinReplicas == nil {
		one := int32(1)
		d.Spec.MinReplicas = &one
	}
	if least := *d.Spec.MinReplicas; least < 0 || d.Spec.MaxReplicas < max(1, least) {
		return fmt.Errorf("%s: %s: spec.maxReplicas is %d and spec.minReplicas %d: the API server refuses it, it wants at least 1, and no fewer than the least",
			o.At("spec", "maxReplicas"), o, d.Spec.MaxReplicas, least)
	}
	group, _, named := strings.Cut(d.Spec.ScaleTargetRef.APIVersion, "/")
	if !named {
		group = ""
	}
	target := keyOf(group, d.Spec.ScaleTargetRef.Kind, o.Namespace, d.Spec.ScaleTargetRef.Name)
	if first := s.autoscalers[target]; first != nil {
		first.other = o
		return nil
	}
	s.autoscalers[target] = &autoscaler{object: o, bounds: d.Spec}
	return nil
}

// scale sets how many pods a workload has: as many as it says, or the least that its autoscaler leaves it. The controller
// takes nothing of what the workload says but zero, which turns it off (pkg/controller/podautoscaler/horizontal.go).
func (s *System) scale(w *Workload, said *int32) {
	w.Replicas = int(*said)
	w.Min, w.Max = w.Replicas, w.Replicas
	by := s.autoscalers[keyOf(w.Object.Group(), w.Object.Kind, w.Object.Namespace, w.Name)]
	if by == nil {
		return
	}
	by.used = true
	switch {
	case by.other != nil:
		s.assume(by.other, fmt.Sprintf("%s scales %s too: the controller follows neither", by.object, w), "spec", "scaleTargetRef")
	case w.Replicas == 0:
		s.assume(by.object, fmt.Sprintf("%s has no replicas: it is not scaled until somebody gives it one", w), "spec", "scaleTargetRef")
	default:
		w.Autoscaler = by.object
		w.Min, w.Max = int(*by.bounds.MinReplicas), int(by.bounds.MaxReplicas)
		w.Replicas = w.Min
	}
}

// unscaled says which autoscalers have nothing to scale.
func (s *System) unscaled() {
	for _, o := range s.Objects {
		for _, by := range s.autoscalers {
			if by.object == o && !by.used {
				ref := by.bounds.ScaleTargetRef
				s.assume(o, fmt.Sprintf("scales %s %s, which is not in the manifests", ref.Kind, ref.Name), "spec", "scaleTargetRef")
			}
		}
	}
}
