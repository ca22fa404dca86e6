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

// key tells objects apart.
type key struct{ group, kind, namespace, name string }

// noteAutoscaler reads the bounds, which are the same in all versions of the API.
func noteAutoscaler(s *System, o *manifest.Object, d *autoscalingv1.HorizontalPodAutoscaler) error {
	if d.Spec.MinReplicas == nil {
		one := int32(1)
		d.Spec.MinReplicas = &one
	}
	if least := *d.Spec.MinReplicas; least < 0 || d.Spec.MaxReplicas < max(1, least) {
		return o.Errorf([]string{"spec", "maxReplicas"}, "is %d, and spec.minReplicas %d: the API server refuses it: want at least 1, and no fewer than the least", d.Spec.MaxReplicas, least)
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

// scale sets how many pods a workload has: as many as it says, or the least that its autoscaler leaves it. The controller
// takes nothing of what the workload says but zero, which turns it off (pkg/controller/podautoscaler/horizontal.go).
func (s *System) scale(w *Workload, said *int32) error {
	w.Replicas = int(*said)
	w.Min, w.Max = w.Replicas, w.Replicas
	by := s.autoscalers[key{w.Object.Group(), w.Object.Kind, w.Object.Namespace, w.Name}]
	if by == nil {
		return w.limited("spec", "replicas")
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
	return w.limited("spec", "replicas")
}

// most is how many pods a workload may have: what Kubernetes is made for (kubernetes.io/docs/setup/best-practices/cluster-large).
const most = 150_000

// limited refuses a number of pods that there cannot be.
func (w *Workload) limited(path ...string) error {
	if w.Min < 0 || w.Max > most {
		return fmt.Errorf("%s: %s: %s: it has %d pods: want 0 to %d", w.Object.At(path...), w.Object, strings.Join(path, "."), max(w.Replicas, w.Max), most)
	}
	return nil
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
