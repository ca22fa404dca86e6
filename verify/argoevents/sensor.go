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

// Make says what the controller makes of a Sensor (pkg/reconciler/sensor/resource.go).
func (s *Sensor) Dependents() Dependents {
	own := map[string]string{"controller": "sensor-controller", "sensor-name": s.Name, "owner-name": s.Name}
	return Dependents{Deployment: s.Spec.Template.deployment(s.ObjectMeta, s.Name+"-sensor", s.Spec.Replicas, own)}
}

// Election says how the pods find out who works: on Kafka they share what comes, otherwise one works. Without a bus, nil,
// the bus is taken for one of NATS.
func (s *Sensor) Election(bus *EventBus) Election {
	if bus != nil && bus.OnKafka() {
		return None
	}
	return elect(s.Annotations, bus)
}
