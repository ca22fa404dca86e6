package argoevents

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

// Operator is Argo Events.
var Operator = operator.Operator{
	Name: "Argo Events", Version: "v1.9.11", Source: "https://github.com/argoproj/argo-events",
	Kinds: []operator.Kind{
		{Group: Group, Version: "v1alpha1", Kind: "EventBus", Resource: "eventbus", Expand: expandBus},
		{Group: Group, Version: "v1alpha1", Kind: "EventSource", Resource: "eventsources", Expand: expandSource},
		{Group: Group, Version: "v1alpha1", Kind: "Sensor", Resource: "sensors", Expand: expandSensor},
	},
}

// inline maps a pod template to a field of the custom resource that has the fields of metadata and spec without these levels.
func inline(at, replicas string) operator.Fields {
	return operator.Fields{"spec.replicas": replicas, "spec.template": at, "spec.template.metadata": at + ".metadata", "spec.template.spec": at}
}

func expandBus(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	bus := &EventBus{}
	if err := o.Decode(bus); err != nil {
		return operator.Expansion{}, err
	}
	created, err := bus.Dependents()
	if err != nil {
		return operator.Expansion{}, locate(o, err)
	}
	if created.StatefulSet == nil {
		return operator.Expansion{Assumed: outside(o, bus, all)}, nil
	}
	at := "spec.jetstream"
	if bus.Spec.NATS != nil {
		at = "spec.nats.native"
	}
	known := operator.Replication{Model: "quorum", Why: "the servers of an EventBus form a quorum"}
	if *created.StatefulSet.Spec.Replicas == 1 {
		known = operator.Replication{Model: "single", Why: "the EventBus has one server"}
	}
	return operator.Expansion{
		Workloads: []operator.Workload{{StatefulSet: created.StatefulSet, Main: true, Fields: inline(at, at+".replicas"), Replication: known}},
		Services:  created.Services,
	}, nil
}

// outside returns the assumption that the servers of an external bus are available, unless a Service of the manifests leads to them.
func outside(o *manifest.Object, bus *EventBus, all operator.Objects) []operator.Assumption {
	path, urls := []string{"spec", "kafka", "url"}, ""
	switch {
	case bus.Spec.Kafka != nil:
		urls = bus.Spec.Kafka.URL
	case bus.Spec.JetStreamExotic != nil:
		path[1], urls = "jetstreamExotic", bus.Spec.JetStreamExotic.URL
	default:
		return nil
	}
	for url := range strings.SplitSeq(urls, ",") {
		_, address, scheme := strings.Cut(strings.TrimSpace(url), "://")
		if !scheme {
			address = strings.TrimSpace(url)
		}
		host, _, _ := strings.Cut(address, ":")
		labels := strings.SplitN(host, ".", 3)
		namespace := o.Namespace
		if len(labels) > 1 {
			namespace = labels[1]
		}
		if all.Find("", "Service", namespace, labels[0]) == nil {
			return []operator.Assumption{{Text: "its servers at " + host + " are not in the manifests: assumed to survive every failure", Path: path}}
		}
	}
	return nil
}

func expandSource(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	source := &EventSource{}
	if err := o.Decode(source); err != nil {
		return operator.Expansion{}, err
	}
	created, err := source.Dependents()
	if err != nil {
		return operator.Expansion{}, locate(o, err)
	}
	bus, assumed, err := busOf(o, all, source.Spec.EventBusName)
	if err != nil {
		return operator.Expansion{}, err
	}
	by := source.Election(bus)
	w := electing(by, bus == nil && by == ByVote, &source.Spec.Template, "every pod receives events")
	if source.Spec.Passive != "" {
		w.Replication.Why = source.Spec.Passive + ": " + w.Replication.Why
	}
	w.Deployment = created.Deployment
	return operator.Expansion{Workloads: []operator.Workload{w}, Services: created.Services, Assumed: assumed}, nil
}

func expandSensor(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	sensor := &Sensor{}
	if err := o.Decode(sensor); err != nil {
		return operator.Expansion{}, err
	}
	bus, assumed, err := busOf(o, all, sensor.Spec.EventBusName)
	if err != nil {
		return operator.Expansion{}, err
	}
	w := electing(sensor.Election(bus), bus == nil, &sensor.Spec.Template, "sensors on Kafka share the events")
	w.Deployment = sensor.Dependents().Deployment
	return operator.Expansion{Workloads: []operator.Workload{w}, Assumed: assumed}, nil
}

// electing returns a workload without its Deployment. Its replication is assumed where it depends on a bus that is not in the
// manifests. stateless is the reason if all pods are active.
func electing(by Election, assumed bool, template *Template, stateless string) operator.Workload {
	w := operator.Workload{Main: true, Fields: inline("spec.template", "spec.replicas")}
	switch by {
	case ByLease:
		w.Lease.Duration, w.Lease.RetryPeriod = template.Lease()
		w.Replication = operator.Replication{Model: "standby", Why: "one pod is active, the holder of a Lease"}
	case ByVote:
		w.Replication = operator.Replication{Model: "elected", Why: "one pod is active, elected on the bus by a majority of the pods"}
	default:
		w.Replication = operator.Replication{Model: "stateless", Why: stateless}
	}
	w.Replication.Assumed = assumed
	if !assumed {
		w.Election = string(by)
	}
	return w
}

// busOf returns the EventBus of an event source or a sensor. Without one in the manifests it returns nil and the assumption.
func busOf(o *manifest.Object, all operator.Objects, name string) (*EventBus, []operator.Assumption, error) {
	name = cmp.Or(name, DefaultBus)
	object := all.Find(Group, "EventBus", o.Namespace, name)
	if object == nil {
		return nil, []operator.Assumption{{Text: fmt.Sprintf("EventBus %s is not in the manifests: assumed to be a NATS bus", name), Path: []string{"spec", "eventBusName"}}}, nil
	}
	bus := &EventBus{}
	return bus, nil, object.Decode(bus)
}

// locate adds the position to the error of a field that the controller rejects.
func locate(o *manifest.Object, err error) error {
	var field *FieldError
	if errors.As(err, &field) {
		return o.Errorf(field.Path, "%s", field.Problem)
	}
	return err
}
