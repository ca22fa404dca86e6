package workload

import (
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

// autoscaler is a HorizontalPodAutoscaler.
type autoscaler struct {
	object *manifest.Object
	bounds autoscalingv1.HorizontalPodAutoscalerSpec
	// other is a second autoscaler of the same target. The controller then ignores both (AmbiguousSelector).
	other *manifest.Object
	// fixed is set if the target has exactly the minimum, scalesFromZero if 0 replicas do not disable the autoscaler.
	fixed, scalesFromZero bool
	// idle is the number of pods while there is nothing to do, nil if it is the minimum.
	idle *int32
	// used is set once the target is found.
	used bool
}

// key identifies an object.
type key struct{ group, kind, namespace, name string }

// noteAutoscaler reads the bounds, which all API versions share.
func noteAutoscaler(s *System, o *manifest.Object, d *autoscalingv1.HorizontalPodAutoscaler) error {
	if d.Spec.MinReplicas == nil {
		one := int32(1)
		d.Spec.MinReplicas = &one
	}
	ref := manifest.Reference{APIVersion: d.Spec.ScaleTargetRef.APIVersion, Kind: d.Spec.ScaleTargetRef.Kind, Name: d.Spec.ScaleTargetRef.Name}
	target := key{ref.Group(), ref.Kind, o.Namespace, ref.Name}
	if first := s.autoscalers[target]; first != nil {
		first.other = o
		return nil
	}
	s.autoscalers[target] = &autoscaler{object: o, bounds: d.Spec}
	return nil
}

// noteCustomAutoscaler reads the autoscaler that an operator creates for a custom resource.
func (s *System) noteCustomAutoscaler(o *manifest.Object, a operator.Autoscaler) error {
	own := o.Dependent(o.APIVersion, o.Kind, o.Name, a.Fields)
	if minimum := max(1, deref(a.Spec.MinReplicas)); a.Spec.MaxReplicas < minimum {
		return own.Errorf([]string{"spec", "maxReplicas"}, "is %d, and the minimum is %d: the API server refuses such a HorizontalPodAutoscaler", a.Spec.MaxReplicas, minimum)
	}
	if err := noteAutoscaler(s, own, a.HorizontalPodAutoscaler); err != nil {
		return err
	}
	for _, by := range s.autoscalers {
		if by.object == own {
			by.fixed, by.scalesFromZero, by.idle = a.Fixed, a.ScalesFromZero, a.Idle
		}
	}
	return nil
}

// scale sets the number of pods of a workload: its replicas, or the minimum of its autoscaler. The autoscaler ignores the
// replicas of the workload unless they are 0, which disables it (pkg/controller/podautoscaler/horizontal.go).
func (s *System) scale(w *Workload, replicas *int32) error {
	w.Replicas = int(*replicas)
	target := key{w.Object.Group(), w.Object.Kind, w.Object.Namespace, w.Object.Name}
	if set, ok := s.scaled[target]; ok {
		w.Replicas = int(set.Replicas)
		s.assume(w.Object, set.Why, "spec", "replicas")
	}
	w.Min, w.Max = w.Replicas, w.Replicas
	by := s.autoscalers[target]
	if by == nil {
		return w.checkPods("spec", "replicas")
	}
	by.used = true
	switch {
	case w.noScale:
		s.assume(by.object, fmt.Sprintf("%s has no scale subresource for its pods: the autoscaler does not change their number", w), "spec", "scaleTargetRef")
	case by.fixed && by.other == nil:
		w.Replicas = int(*by.bounds.MinReplicas)
		w.Min, w.Max = w.Replicas, w.Replicas
	case by.other != nil:
		s.assume(by.other, fmt.Sprintf("%s scales %s as well: the controller ignores both autoscalers", by.object, w), "spec", "scaleTargetRef")
	case w.Replicas == 0 && !by.scalesFromZero:
		s.assume(by.object, fmt.Sprintf("%s has 0 replicas, which disables the autoscaler", w), "spec", "scaleTargetRef")
	default:
		w.Autoscaler = by.object
		w.Min, w.Max = int(*by.bounds.MinReplicas), int(by.bounds.MaxReplicas)
		w.Replicas = w.Min
		if by.idle != nil {
			s.assume(by.object, fmt.Sprintf("%s has %d pods while all triggers are inactive: it is judged with %d", w, *by.idle, w.Replicas), "spec", "minReplicas")
		}
	}
	return w.checkPods("spec", "replicas")
}

// maxPods is the maximum of a workload's pods. It is the limit of a cluster (kubernetes.io/docs/setup/best-practices/cluster-large).
const maxPods = 150_000

// checkPods returns an error if the number of pods is out of range.
func (w *Workload) checkPods(path ...string) error {
	if w.Min < 0 || w.Max > maxPods {
		return w.Object.Errorf(path, "is %d: want 0 to %d pods", max(w.Replicas, w.Max), maxPods)
	}
	return nil
}

// noteUnusedAutoscalers notes the autoscalers without a target.
func (s *System) noteUnusedAutoscalers() {
	for _, o := range s.Objects {
		for _, by := range s.autoscalers {
			if by.object.Origin() == o && !by.used {
				ref := by.bounds.ScaleTargetRef
				s.assume(by.object, fmt.Sprintf("scales %s %s, which is not in the manifests", ref.Kind, ref.Name), "spec", "scaleTargetRef")
			}
		}
	}
}
