package workload

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	scheduling "k8s.io/kubernetes/pkg/apis/scheduling/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// builtInClasses returns the priority classes of every cluster.
func builtInClasses() map[string]*schedulingv1.PriorityClass {
	classes := map[string]*schedulingv1.PriorityClass{}
	for _, c := range scheduling.SystemPriorityClasses() {
		scheduling.SetObjectDefaults_PriorityClass(c)
		classes[c.Name] = c
	}
	return classes
}

func notePriorityClass(s *System, o *manifest.Object, c *schedulingv1.PriorityClass) error {
	scheduling.SetObjectDefaults_PriorityClass(c)
	s.classes[o.Name] = c
	return nil
}

// prioritize sets the priority of a workload's pods, as the admission plugin Priority does. A class that is not in the
// manifests is assumed to exist in the cluster, because the API server would reject the pods otherwise.
func (s *System) prioritize(w *Workload) error {
	spec := &w.Template.Spec
	class := s.classes[spec.PriorityClassName]
	switch {
	case spec.PriorityClassName == "":
		class = s.defaultClass()
	case class == nil:
		s.assume(w.Object, fmt.Sprintf("PriorityClass %s is not in the manifests: its priority is assumed to be %d", spec.PriorityClassName, deref(spec.Priority)), w.Path("spec", "priorityClassName")...)
		class = &schedulingv1.PriorityClass{Value: deref(spec.Priority), PreemptionPolicy: spec.PreemptionPolicy}
		scheduling.SetObjectDefaults_PriorityClass(class)
	}
	if spec.Priority != nil && *spec.Priority != class.Value {
		return w.Object.Errorf(w.Path("spec", "priority"), "is %d, but the PriorityClass has %d, which the API server rejects: remove the field", *spec.Priority, class.Value)
	}
	if class.PreemptionPolicy != nil && spec.PreemptionPolicy != nil && *spec.PreemptionPolicy != *class.PreemptionPolicy {
		return w.Object.Errorf(w.Path("spec", "preemptionPolicy"), "is %s, but the PriorityClass has %s, which the API server rejects: remove the field", *spec.PreemptionPolicy, *class.PreemptionPolicy)
	}
	spec.Priority, spec.PreemptionPolicy = &class.Value, class.PreemptionPolicy
	if spec.PriorityClassName == "" {
		spec.PriorityClassName = class.Name
	}
	return nil
}

// defaultClass returns the class of pods without one: the lowest global default, or priority 0.
func (s *System) defaultClass() *schedulingv1.PriorityClass {
	preempt := corev1.PreemptLowerPriority
	class := &schedulingv1.PriorityClass{PreemptionPolicy: &preempt}
	for _, c := range s.classes {
		if c.GlobalDefault && (!class.GlobalDefault || c.Value < class.Value || c.Value == class.Value && c.Name < class.Name) {
			class = c
		}
	}
	return class
}

func deref(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}
