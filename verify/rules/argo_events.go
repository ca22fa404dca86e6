package rules

import (
	"encoding/json"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/stacks"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Argo Events' kinds, of argoproj.io/v1alpha1. What is known of them is data of the stack that runs them, and compared with
// their code where that can be imported.
const (
	argoEvents         = "argoproj.io/v1alpha1"
	electionAnnotation = "events.argoproj.io/leader-election"
)

// bus is what counts of an EventBus.
type bus struct {
	Spec struct {
		Kafka     *struct{}
		JetStream *struct {
			Replicas     *int
			StreamConfig string
		}
		JetStreamExotic *struct{ URL, StreamConfig string }
	}
}

// eventer is what counts of an EventSource or a Sensor.
type eventer struct {
	Spec struct {
		Replicas     *int
		EventBusName string
		Template     struct {
			ServiceAccountName string
			Container          struct{ Env []struct{ Name string } }
		}
	}
}

// election is how the pods of an EventSource or a Sensor choose the one that works.
type election struct {
	object   *manifest.Object
	replicas int
	// account is that of the pods, "" for the namespace's own. byLease: of Kubernetes, and not on the bus.
	account string
	byLease bool
}

// elections lists the EventSources and Sensors of which one pod works, where their bus is written down: a bus of Kafka
// takes leases for sources and lets all sensors work (argo-events, pkg/shared/leaderelection and pkg/sensors/listener.go).
func elections(s *workload.System) []election {
	var all []election
	for _, kind := range []string{"EventSource", "Sensor"} {
		for o, e := range every[eventer](s, argoEvents, kind) {
			b, known := busOf(s, o, e)
			kafka := known && b.Spec.Kafka != nil
			if !known || kind == "Sensor" && kafka || kind == "EventSource" && !electsOne(o) {
				continue
			}
			said := strings.EqualFold(o.Annotations[electionAnnotation], "k8s")
			for _, env := range e.Spec.Template.Container.Env {
				said = said || env.Name == "LEADER_ELECTION"
			}
			replicas := 1
			if e.Spec.Replicas != nil {
				replicas = max(1, *e.Spec.Replicas)
			}
			all = append(all, election{o, replicas, e.Spec.Template.ServiceAccountName, said || kafka})
		}
	}
	return all
}

// busOf is the bus that a source or a sensor is on.
func busOf(s *workload.System, of *manifest.Object, e *eventer) (*bus, bool) {
	name := e.Spec.EventBusName
	if name == "" {
		name = "default"
	}
	for o, b := range every[bus](s, argoEvents, "EventBus") {
		if o.Name == name && o.Namespace == of.Namespace {
			return b, true
		}
	}
	return nil, false
}

// electsOne tells whether an EventSource has events of a type of which one pod works.
func electsOne(o *manifest.Object) bool {
	var says struct{ Spec map[string]any }
	if err := o.Decode(&says); err != nil {
		return false
	}
	for key := range says.Spec {
		if activePassive()[key] {
			return true
		}
	}
	return false
}

// activePassive are the types of event sources of which one pod works.
var activePassive = sync.OnceValue(func() map[string]bool {
	var facts struct {
		EventSources map[string]struct{ Strategy string } `yaml:"eventSources"`
	}
	load("argo-events/facts.yaml", yaml.Unmarshal, &facts)
	types := map[string]bool{}
	for name, t := range facts.EventSources {
		types[name] = t.Strategy == "active-passive"
	}
	return types
})

// field is a type of an API: what fields it has, and of which types. One that says nothing of its fields may have any.
type field struct {
	Ref        string            `json:"$ref"`
	Properties map[string]*field `json:"properties"`
	Items      *field            `json:"items"`
	// Additional is the type of a map's values, and false where there are no other fields.
	Additional json.RawMessage `json:"additionalProperties"`
}

// fields are those of Argo Events' types, by name, and the version that has them.
type fields struct {
	version     string
	definitions map[string]*field
}

var api = sync.OnceValue(func() fields {
	var document struct {
		Source      string // module, version and path
		Definitions map[string]*field
	}
	load("argo-events/api.json", json.Unmarshal, &document)
	_, version, _ := strings.Cut(document.Source, " ")
	version, _, _ = strings.Cut(version, " ")
	return fields{version, document.Definitions}
})

// load reads a file that comes with the program.
func load(name string, unmarshal func([]byte, any) error, into any) {
	text, err := stacks.FS.ReadFile(name)
	if err == nil {
		err = unmarshal(text, into)
	}
	if err != nil {
		panic(err) // it is part of the program, and read by its tests
	}
}
