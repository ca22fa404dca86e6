package argoevents

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Sensor is argoproj.io/v1alpha1 Sensor.
type Sensor struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		EventBusName string   `json:"eventBusName"`
		Replicas     int32    `json:"replicas"`
		Template     Template `json:"template"`
	} `json:"spec"`
}

// Dependents returns the objects that the controller creates for a Sensor (pkg/reconciler/sensor/resource.go).
func (s *Sensor) Dependents() Dependents {
	own := map[string]string{"controller": "sensor-controller", "sensor-name": s.Name, "owner-name": s.Name}
	return Dependents{Deployment: s.Spec.Template.deployment(s.ObjectMeta, s.Name+"-sensor", s.Spec.Replicas, own)}
}

// Election returns how the pods elect the active one. On Kafka all are active and share the events. A nil bus is assumed to be a
// NATS bus.
func (s *Sensor) Election(bus *EventBus) Election {
	if bus != nil && bus.OnKafka() {
		return None
	}
	return elect(s.Annotations, bus)
}
