package argoevents

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// Template is what an EventSource or a Sensor says of its pods.
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

// EventSourceSpec is what an EventSource asks for.
type EventSourceSpec struct {
	EventBusName string   `json:"eventBusName"`
	Replicas     int32    `json:"replicas"`
	Template     Template `json:"template"`
	Service      struct {
		Metadata  Metadata             `json:"metadata"`
		Ports     []corev1.ServicePort `json:"ports"`
		ClusterIP string               `json:"clusterIP"`
	} `json:"service"`
	// Passive is the first type of source in it of which one pod works, Active the first of which all do; "" if there is none.
	Passive string `json:"-"`
	Active  string `json:"-"`
}

// UnmarshalJSON reads the types of sources off the keys that have any.
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

// Make says what the controller makes of an EventSource (pkg/reconciler/eventsource/resource.go).
func (s *EventSource) Dependents() (Dependents, error) {
	if p, a := s.Spec.Passive, s.Spec.Active; p != "" && a != "" {
		return Dependents{}, refuse(fmt.Sprintf("has %s, of which one pod works, and %s, of which all do: the controller refuses both in one EventSource", p, a), "spec", p)
	}
	own := map[string]string{"controller": "eventsource-controller", "eventsource-name": s.Name, "owner-name": s.Name}
	made := Dependents{Deployment: s.Spec.Template.deployment(s.ObjectMeta, s.Name+"-eventsource", s.Spec.Replicas, own)}
	if service := s.Spec.Service; len(service.Ports) > 0 {
		made.Services = []*corev1.Service{{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name + "-eventsource-svc"},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: service.ClusterIP, Ports: service.Ports, Selector: own},
		}}
	}
	return made, nil
}

// Election says how the pods find out who works. Without a bus, nil, the bus is taken for one of NATS.
func (s *EventSource) Election(bus *EventBus) Election {
	if s.Spec.Passive == "" {
		return None
	}
	return elect(s.Annotations, bus)
}

// deployment is that of an EventSource or a Sensor. Its strategy is what Kubernetes takes if none is said.
func (t *Template) deployment(of metav1.ObjectMeta, name string, replicas int32, own map[string]string) *appsv1.Deployment {
	replicas = max(1, replicas)
	main := t.Container.container("main", metrics)
	main.VolumeMounts = append([]corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}, t.Container.VolumeMounts...)
	pods := t.pods(own, main)
	pods.Spec.Volumes = append([]corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}, t.Volumes...)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: name, Labels: over(of.Labels, own)},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pods},
	}
}
