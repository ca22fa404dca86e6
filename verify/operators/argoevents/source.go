package argoevents

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// Template is the pod template of an EventSource or a Sensor.
type Template struct {
	Placement
	Container struct {
		Container
		VolumeMounts []corev1.VolumeMount `json:"volumeMounts"`
		Env          []corev1.EnvVar      `json:"env"`
	} `json:"container"`
	Volumes []corev1.Volume `json:"volumes"`
}

// EventSource is argoproj.io/v1alpha1 EventSource.
type EventSource struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              EventSourceSpec `json:"spec"`
}

// EventSourceSpec is the spec of an EventSource.
type EventSourceSpec struct {
	EventBusName string   `json:"eventBusName"`
	Replicas     int32    `json:"replicas"`
	Template     Template `json:"template"`
	Service      struct {
		Metadata  Metadata             `json:"metadata"`
		Ports     []corev1.ServicePort `json:"ports"`
		ClusterIP string               `json:"clusterIP"`
	} `json:"service"`
	// Passive is the first event source type with one active pod, Active the first with all pods active; "" without one.
	Passive string `json:"-"`
	Active  string `json:"-"`
}

// UnmarshalJSON also sets Passive and Active from the keys.
func (s *EventSourceSpec) UnmarshalJSON(text []byte) error {
	type plain EventSourceSpec
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, (*plain)(s)); err != nil {
		return err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return err
	}
	first := func(types []string) string {
		for _, name := range types {
			var sources map[string]json.RawMessage
			if json.Unmarshal(keys[name], &sources) == nil && len(sources) > 0 {
				return name
			}
		}
		return ""
	}
	s.Passive, s.Active = first(passive), first(active)
	return nil
}

// Dependents returns the objects that the controller creates for an EventSource (pkg/reconciler/eventsource/resource.go).
func (s *EventSource) Dependents() (Dependents, error) {
	if p, a := s.Spec.Passive, s.Spec.Active; p != "" && a != "" {
		return Dependents{}, invalid(fmt.Sprintf("has %s (one active pod) and %s (all pods active), which the controller rejects: use two EventSources", p, a), "spec", p)
	}
	own := map[string]string{"controller": "eventsource-controller", "eventsource-name": s.Name, "owner-name": s.Name}
	created := Dependents{Deployment: s.Spec.Template.deployment(s.ObjectMeta, s.Name+"-eventsource", s.Spec.Replicas, own)}
	if service := s.Spec.Service; len(service.Ports) > 0 {
		created.Services = []*corev1.Service{{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name + "-eventsource-svc"},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: service.ClusterIP, Ports: service.Ports, Selector: own},
		}}
	}
	return created, nil
}

// Election returns how the pods elect the active one. A nil bus is assumed to be a NATS bus.
func (s *EventSource) Election(bus *EventBus) Election {
	if s.Spec.Passive == "" {
		return None
	}
	return elect(s.Annotations, bus)
}

// deployment returns the Deployment of an EventSource or a Sensor. It has the default strategy.
func (t *Template) deployment(owner metav1.ObjectMeta, name string, replicas int32, own map[string]string) *appsv1.Deployment {
	replicas = max(1, replicas)
	main := t.Container.container("main", metrics)
	main.VolumeMounts = append([]corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}, t.Container.VolumeMounts...)
	pods := t.pods(own, main)
	pods.Spec.Volumes = append([]corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}, t.Volumes...)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: owner.Namespace, Name: name, Labels: merge(owner.Labels, own)},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pods},
	}
}
