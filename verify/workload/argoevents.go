package workload

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// Custom resources of Argo Events have fields of a pod without the levels of a pod template: spec.template of a Sensor holds
// both the metadata and the fields of the pod's spec.

func noteBus(s *System, o *manifest.Object, bus *argoevents.EventBus) error {
	s.buses[o.Namespace+"/"+o.Name] = bus
	return nil
}

func readEventBus(s *System, o *manifest.Object, bus *argoevents.EventBus) error {
	created, err := bus.Dependents()
	if err != nil {
		return invalid(o, err)
	}
	if created.StatefulSet == nil {
		return nil
	}
	at := []string{"spec", "jetstream"}
	if bus.Spec.NATS != nil {
		at = []string{"spec", "nats", "native"}
	}
	w := &Workload{Object: o, TemplatePath: at, inline: true, known: Replication{Model: Quorum, Why: "the servers of an EventBus form a quorum"}}
	if *created.StatefulSet.Spec.Replicas == 1 {
		w.known = Replication{Model: Single, Why: "the EventBus has one server"}
	}
	s.Services = append(s.Services, created.Services...)
	return s.statefulSet(w, created.StatefulSet)
}

func readEventSource(s *System, o *manifest.Object, source *argoevents.EventSource) error {
	created, err := source.Dependents()
	if err != nil {
		return invalid(o, err)
	}
	bus := s.bus(o, source.Spec.EventBusName)
	by := source.Election(bus)
	w := &Workload{Object: o, TemplatePath: template, inline: true}
	w.elect(by, bus == nil && by == argoevents.ByVote, &source.Spec.Template, "every pod receives events")
	if source.Spec.Passive != "" {
		w.known.Why = source.Spec.Passive + ": " + w.known.Why
	}
	s.Services = append(s.Services, created.Services...)
	return s.deployment(w, created.Deployment)
}

func readSensor(s *System, o *manifest.Object, sensor *argoevents.Sensor) error {
	bus := s.bus(o, sensor.Spec.EventBusName)
	w := &Workload{Object: o, TemplatePath: template, inline: true}
	w.elect(sensor.Election(bus), bus == nil, &sensor.Spec.Template, "sensors on Kafka share the events")
	return s.deployment(w, sensor.Dependents().Deployment)
}

// elect sets the replication of an event source or a sensor. It is assumed where it depends on a bus that is not in the
// manifests. stateless is the reason if all pods are active.
func (w *Workload) elect(by argoevents.Election, assumed bool, template *argoevents.Template, stateless string) {
	switch by {
	case argoevents.ByLease:
		w.lease.Duration, w.lease.RetryPeriod = template.Lease()
		w.known = Replication{Model: Standby, Why: "one pod is active, the holder of a Lease"}
	case argoevents.ByVote:
		w.known = Replication{Model: Elected, Why: "one pod is active, elected on the bus by a majority of the pods"}
	default:
		w.known = Replication{Model: Stateless, Why: stateless}
	}
	w.known.Assumed = assumed
	if !assumed {
		w.Election = by
	}
}

// bus returns the EventBus of an event source or a sensor. Without one in the manifests it returns nil and notes the assumption.
func (s *System) bus(o *manifest.Object, name string) *argoevents.EventBus {
	name = cmp.Or(name, argoevents.DefaultBus)
	bus := s.buses[o.Namespace+"/"+name]
	if bus == nil {
		s.assume(o, fmt.Sprintf("EventBus %s is not in the manifests: assumed to be a NATS bus", name), "spec", "eventBusName")
	}
	return bus
}

// invalid adds the position to the error of a field that the controller rejects.
func invalid(o *manifest.Object, err error) error {
	var field *argoevents.FieldError
	if errors.As(err, &field) {
		return o.Errorf(field.Path, "%s", field.Problem)
	}
	return err
}
