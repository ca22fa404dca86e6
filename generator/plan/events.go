package plan

import (
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// What Argo Events v1.9.11 does with its custom resources. Specs and the bus' address are in the environment of the pods; an
// EventSource or Sensor is looked at again when its spec or a label changes, or the controller starts
// (controllers/eventsource, sensor: predicates on generation and labels).

const argo = "argoproj.io"

// Election is an event source or sensor whose pods choose their leader in another way.
type Election struct {
	Object
	// From and To are leases, nats or none.
	From string `json:"from"`
	To   string `json:"to"`
}

// Copies is a stream of the bus and its number of replicas; From is 0 where the stream is new.
type Copies struct {
	// Bus is the EventBus, Stream the one of its events or the bucket of a sensor.
	Bus    string `json:"bus"`
	Stream string `json:"stream"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}

// usesBus reports whether it is an event source or sensor.
func (o *object) usesBus() bool { return o.is(argo, "EventSource") || o.is(argo, "Sensor") }

// bus is the EventBus that an event source or sensor talks to, nil where it is no object of the release.
func (o *object) bus(all []*object) *object {
	name := text(o.tree, "spec", "eventBusName")
	if name == "" {
		name = "default"
	}
	return find(all, Object{APIVersion: o.APIVersion, Kind: "EventBus", Namespace: o.Namespace, Name: name})
}

// told is what pods are told of their bus.
func told(bus *object) any {
	if bus == nil {
		return nil
	}
	if native := at(bus.tree, "spec", "jetstream"); native != nil {
		return at(native, "streamConfig")
	}
	return at(bus.tree, "spec")
}

const electionAnnotation = "events.argoproj.io/leader-election"

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

// elections lists the changes. An event source that never had the annotation may be one that needs no leader: it is left out.
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

// streamReplicas reads the settings of a bus' stream; 0 where there is none.
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

// markRolls says whose pods are replaced.
func (p *Plan) markRolls(s sides) {
	for i, c := range p.Objects {
		if c.Action == Changed && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, c.Kind) && c.group() == "apps" {
			p.Objects[i].Rolls = slices.ContainsFunc(c.Fields, func(f Field) bool { return f.below([]string{"spec.template"}) }) &&
				text(c.new.tree, "spec", "updateStrategy", "type") != "OnDelete"
		}
	}
	restarts, image := p.controller()
	for i, c := range p.Objects {
		if c.old == nil || c.new == nil || !c.new.usesBus() {
			continue
		}
		spec, seen, tells := c.reconciled(s)
		p.Objects[i].Rolls = spec || image || tells && (seen || restarts)
	}
}

// reconciled reports of an event source or sensor whether its spec changes, whether its controller looks at it, and
// whether its pods would be told something else.
func (c Change) reconciled(s sides) (spec, seen, tells bool) {
	for _, f := range c.Fields {
		spec = spec || f.below([]string{"spec"})
		seen = seen || f.below([]string{"metadata.labels"}) || f.above([]string{"metadata.labels"})
		tells = tells || strings.Contains(f.Path, electionAnnotation)
	}
	tells = tells || !reflect.DeepEqual(told(c.old.bus(s.from)), told(c.new.bus(s.to)))
	return spec, seen || spec, tells
}

// controller reports whether the Argo Events controller starts anew, and whether it runs other images for event sources and
// sensors, which then are all replaced. It is the one Deployment that is told that image.
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

// stale finds event sources and sensors whose pods would go on with what they were told before.
func stale(s sides, p Plan) []Finding {
	var all []Finding
	for _, c := range p.Objects {
		if c.old == nil || c.new == nil || !c.new.usesBus() {
			continue
		}
		if _, seen, tells := c.reconciled(s); tells && !seen && !c.Rolls {
			all = append(all, Finding{Verdict: InPlace, Object: c.Object, unseen: true, Text: "its controller does not see that the bus or the election changes until it starts anew"})
		}
	}
	return all
}
