package plan

import (
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// How Argo Events v1.9.11 handles its custom resources. The environment of the pods has their spec and the address of the
// bus. The controller reconciles an EventSource or Sensor when its spec or a label changes, or when the controller starts
// (controllers/eventsource, sensor: predicates on generation and labels).

const argo = "argoproj.io"

// Election is an event source or sensor whose way of leader election changes.
type Election struct {
	Object
	// From and To are leases, nats or none.
	From string `json:"from"`
	To   string `json:"to"`
}

// Copies is a stream of the bus and its number of replicas; From is 0 for a new stream.
type Copies struct {
	// Bus is the EventBus. Stream is the stream of events, or of a sensor's bucket.
	Bus    string `json:"bus"`
	Stream string `json:"stream"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}

// usesBus reports whether the object is an event source or sensor.
func (o *object) usesBus() bool { return o.is(argo, "EventSource") || o.is(argo, "Sensor") }

// bus returns the EventBus of an event source or sensor; nil if it is not in the release.
func (o *object) bus(all []*object) *object {
	name := text(o.tree, "spec", "eventBusName")
	if name == "" {
		name = "default"
	}
	return find(all, Object{APIVersion: o.APIVersion, Kind: "EventBus", Namespace: o.Namespace, Name: name})
}

// connection returns the part of an EventBus that is in the environment of the pods.
func connection(bus *object) any {
	if bus == nil {
		return nil
	}
	if native := at(bus.tree, "spec", "jetstream"); native != nil {
		return at(native, "streamConfig")
	}
	return at(bus.tree, "spec")
}

// address returns the part of an EventBus without which its clients cannot connect. They read the settings of the stream only to
// create it.
func address(bus *object) any {
	if bus == nil {
		return nil
	}
	all := map[string]any{"name": bus.Name, "kind": busKind(bus), "kafka": at(bus.tree, "spec", "kafka")}
	for _, key := range []string{"url", "accessSecret", "tls"} {
		all[key] = at(bus.tree, "spec", busKind(bus), key)
	}
	return all
}

// electionAnnotation chooses the leader election of an event source or sensor.
const electionAnnotation = "events.argoproj.io/leader-election"

// election returns the way of leader election: leases, nats or none.
func (o *object) election(all []*object) string {
	bus := o.bus(all)
	kafka := bus != nil && at(bus.tree, "spec", "kafka") != nil
	switch {
	case kafka && o.Kind == "Sensor":
		return "none"
	case kafka, strings.EqualFold(text(o.tree, "metadata", "annotations", electionAnnotation), "k8s"):
		return "leases"
	}
	return "nats"
}

// elections lists the changes of leader election, without event sources that have no annotation: they may need no leader.
func (s sides) elections() []Election {
	var all []Election
	for _, o := range s.to {
		from := find(s.from, o.Object)
		if from == nil || !o.usesBus() {
			continue
		}
		annotated := text(o.tree, "metadata", "annotations", electionAnnotation)+text(from.tree, "metadata", "annotations", electionAnnotation) != ""
		e := Election{o.Object, from.election(s.from), o.election(s.to)}
		if e.From != e.To && (annotated || o.Kind == "Sensor") {
			all = append(all, e)
		}
	}
	return all
}

// copies lists the streams whose number of replicas changes.
func (s sides) copies() []Copies {
	var all []Copies
	for _, o := range s.to {
		switch {
		case o.is(argo, "EventBus"):
			all = append(all, Copies{o.Name, "default", streamReplicas(find(s.from, o.Object)), streamReplicas(o)})
		case o.is(argo, "Sensor"):
			c := Copies{Stream: "KV_" + o.Name}
			if bus := o.bus(s.to); bus != nil {
				c.Bus, c.To = bus.Name, streamReplicas(bus)
			}
			if from := find(s.from, o.Object); from != nil {
				c.From = streamReplicas(from.bus(s.from))
			}
			all = append(all, c)
		}
	}
	return slices.DeleteFunc(all, func(c Copies) bool { return c.From == c.To || c.To == 0 })
}

// streamReplicas returns the number of replicas of the bus's stream; 0 if there is no stream.
func streamReplicas(bus *object) int {
	if bus == nil {
		return 0
	}
	for _, kind := range []string{"jetstreamExotic", "jetstream"} {
		var config map[string]any
		if text := text(bus.tree, "spec", kind, "streamConfig"); text != "" && yaml.Unmarshal([]byte(text), &config) == nil {
			return number(config, 1, "replicas")
		}
	}
	return 0
}

// markRollouts marks the objects whose pods are replaced.
func (p *Plan) markRollouts(s sides) {
	for i, c := range p.Objects {
		if c.Action == Changed && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, c.Kind) && c.group() == "apps" {
			p.Objects[i].Rolls = slices.ContainsFunc(c.Fields, func(f Field) bool { return f.below([]string{"spec.template"}) }) &&
				text(c.new.tree, "spec", "updateStrategy", "type") != "OnDelete"
		}
	}
	for i, c := range p.Objects {
		if c.rollsServers() {
			p.Objects[i].Rolls = true
		}
	}
	restarts, image := p.controller()
	for i, c := range p.Objects {
		if c.old == nil || c.new == nil || !c.new.usesBus() {
			continue
		}
		spec, noticed, environment := c.reconciled(s)
		p.Objects[i].Rolls = spec || image || environment && (noticed || restarts)
	}
}

// reconciled reports, for an event source or sensor, whether its spec changes, whether its controller reconciles it, and
// whether its pods need another environment.
func (c Change) reconciled(s sides) (spec, noticed, environment bool) {
	for _, f := range c.Fields {
		spec = spec || f.below([]string{"spec"})
		noticed = noticed || f.below([]string{"metadata.labels"}) || f.above([]string{"metadata.labels"})
		environment = environment || strings.Contains(f.Path, electionAnnotation)
	}
	environment = environment || !reflect.DeepEqual(connection(c.old.bus(s.from)), connection(c.new.bus(s.to)))
	return spec, noticed || spec, environment
}

// controller reports whether the Argo Events controller restarts, and whether its image for event sources and sensors
// changes, which replaces all of them. The controller is the Deployment with that image in its environment.
func (p *Plan) controller() (restarts, image bool) {
	for _, c := range p.Objects {
		if c.new == nil || !c.is("apps", "Deployment") || eventsImage(c.new) == "" {
			continue
		}
		restarts = restarts || c.Rolls || c.Action == Created
		image = image || c.old != nil && eventsImage(c.old) != eventsImage(c.new)
	}
	return restarts, image
}

// eventsImage returns the image for event sources and sensors from the environment of the controller.
func eventsImage(o *object) string {
	for _, container := range items(o.tree, "spec", "template", "spec", "containers") {
		for _, env := range items(container, "env") {
			if text(env, "name") == "ARGO_EVENTS_IMAGE" {
				return text(env, "value")
			}
		}
	}
	return ""
}

// stale finds event sources and sensors whose pods keep their old environment.
func stale(s sides, p Plan) []Finding {
	var all []Finding
	for _, c := range p.Objects {
		if c.old == nil || c.new == nil || !c.new.usesBus() {
			continue
		}
		if _, noticed, environment := c.reconciled(s); !environment || noticed || c.Rolls {
			continue
		}
		f := Finding{Verdict: InPlace, Object: c.Object, stale: true, Text: "its controller notices the change of the bus or the leader election only after a restart"}
		if !reflect.DeepEqual(address(c.old.bus(s.from)), address(c.new.bus(s.to))) {
			f.Verdict, f.Text = ByHand, "its pods keep the old address and credentials of the bus until the controller restarts"
		}
		all = append(all, f)
	}
	return all
}
