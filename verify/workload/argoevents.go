package workload

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// A custom resource of Argo Events says of pods what its kind lets it say, without the words around: "spec", "template" of a
// Sensor is a pod's metadata and spec in one.

func noteBus(s *System, o *manifest.Object) error {
	bus := &argoevents.EventBus{}
	if err := o.Decode(bus); err != nil {
		return err
	}
	s.buses[o.Namespace+"/"+o.Name] = bus
	return nil
}

func readEventBus(s *System, o *manifest.Object) error {
	bus := s.buses[o.Namespace+"/"+o.Name]
	made, err := bus.Make()
	if err != nil {
		return refused(o, err)
	}
	if made.StatefulSet == nil {
		return nil
	}
	at := []string{"spec", "jetstream"}
	if bus.Spec.NATS != nil {
		at = []string{"spec", "nats", "native"}
	}
	known := Replication{Model: Quorum, Why: "the servers of an EventBus vote"}
	if *made.StatefulSet.Spec.Replicas == 1 {
		known = Replication{Model: Single, Why: "an EventBus of one server"}
	}
	return s.make(o, made, at, known)
}

func readEventSource(s *System, o *manifest.Object) error {
	var source argoevents.EventSource
	if err := o.Decode(&source); err != nil {
		return err
	}
	made, err := source.Make()
	if err != nil {
		return refused(o, err)
	}
	bus := s.bus(o, source.Spec.EventBusName)
	known := elected(source.Election(bus), "every pod takes events")
	if source.Spec.Passive != "" {
		known.Why = "of " + source.Spec.Passive + " " + known.Why
		known.Assumed = bus == nil && source.Election(nil) == argoevents.ByVote
	}
	return s.make(o, made, []string{"spec", "template"}, known)
}

func readSensor(s *System, o *manifest.Object) error {
	var sensor argoevents.Sensor
	if err := o.Decode(&sensor); err != nil {
		return err
	}
	bus := s.bus(o, sensor.Spec.EventBusName)
	known := elected(sensor.Election(bus), "sensors on Kafka share what comes")
	known.Assumed = bus == nil
	return s.make(o, sensor.Make(), []string{"spec", "template"}, known)
}

// elected is the model that an election makes of pods; all says why there is none.
func elected(by argoevents.Election, all string) Replication {
	switch by {
	case argoevents.ByLease:
		return Replication{Model: Standby, Why: "one pod works, which holds a lease"}
	case argoevents.ByVote:
		return Replication{Model: Elected, Why: "one pod works, which more than half of all elect over the bus"}
	}
	return Replication{Model: Stateless, Why: all}
}

// bus finds the EventBus of a source or a sensor; nil, and a word about it, if it is not in the manifests.
func (s *System) bus(o *manifest.Object, name string) *argoevents.EventBus {
	name = cmp.Or(name, argoevents.DefaultBus)
	bus := s.buses[o.Namespace+"/"+name]
	if bus == nil {
		s.assume(o, fmt.Sprintf("EventBus %s is not in the manifests: it is taken for one of NATS", name), "spec", "eventBusName")
	}
	return bus
}

// make puts in what a controller makes of an object.
func (s *System) make(o *manifest.Object, made argoevents.Made, at []string, known Replication) error {
	s.Services = append(s.Services, made.Services...)
	w := &Workload{Object: o, TemplateAt: at, inline: true, known: known}
	if made.StatefulSet != nil {
		return s.statefulSet(w, made.StatefulSet)
	}
	return s.deployment(w, made.Deployment)
}

// refused says where it stands what a controller does not accept.
func refused(o *manifest.Object, err error) error {
	var field *argoevents.FieldError
	if errors.As(err, &field) {
		return fmt.Errorf("%s: %s: %w", o.At(field.Path...), o, err)
	}
	return err
}
