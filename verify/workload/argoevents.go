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

func noteBus(s *System, o *manifest.Object, bus *argoevents.EventBus) error {
	s.buses[o.Namespace+"/"+o.Name] = bus
	return nil
}

func readEventBus(s *System, o *manifest.Object, bus *argoevents.EventBus) error {
	made, err := bus.Dependents()
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
	w := &Workload{Object: o, TemplatePath: at, inline: true, known: Replication{Model: Quorum, Why: "the servers of an EventBus vote"}}
	if *made.StatefulSet.Spec.Replicas == 1 {
		w.known = Replication{Model: Single, Why: "an EventBus of one server"}
	}
	s.Services = append(s.Services, made.Services...)
	return s.statefulSet(w, made.StatefulSet)
}

func readEventSource(s *System, o *manifest.Object, source *argoevents.EventSource) error {
	made, err := source.Dependents()
	if err != nil {
		return refused(o, err)
	}
	bus := s.bus(o, source.Spec.EventBusName)
	by := source.Election(bus)
	w := &Workload{Object: o, TemplatePath: template, inline: true}
	w.elect(by, bus == nil && by == argoevents.ByVote, &source.Spec.Template, "every pod takes events")
	if source.Spec.Passive != "" {
		w.known.Why = "of " + source.Spec.Passive + " " + w.known.Why
	}
	s.Services = append(s.Services, made.Services...)
	return s.deployment(w, made.Deployment)
}

func readSensor(s *System, o *manifest.Object, sensor *argoevents.Sensor) error {
	bus := s.bus(o, sensor.Spec.EventBusName)
	w := &Workload{Object: o, TemplatePath: template, inline: true}
	w.elect(sensor.Election(bus), bus == nil, &sensor.Spec.Template, "sensors on Kafka share what comes")
	return s.deployment(w, sensor.Dependents().Deployment)
}

// elect notes how the pods of a source or a sensor choose the one that works; all says why they all do. It is assumed where
// it depends on a bus that is not in the manifests. Of a lease the template says how it is kept.
func (w *Workload) elect(by argoevents.Election, assumed bool, of *argoevents.Template, all string) {
	switch by {
	case argoevents.ByLease:
		w.lease.Duration, w.lease.RetryPeriod = of.Lease()
		w.known = Replication{Model: Standby, Why: "one pod works, which holds a lease"}
	case argoevents.ByVote:
		w.known = Replication{Model: Elected, Why: "one pod works, which more than half of all elect over the bus"}
	default:
		w.known = Replication{Model: Stateless, Why: all}
	}
	w.known.Assumed = assumed
	if !assumed {
		w.Election = by
	}
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

// refused says where it stands what a controller does not accept.
func refused(o *manifest.Object, err error) error {
	var field *argoevents.FieldError
	if errors.As(err, &field) {
		return o.Errorf(field.Path, "%s", field.Problem)
	}
	return err
}
