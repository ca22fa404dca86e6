package rules

import (
	"cmp"
	"encoding/json"
	"strings"
	"sync"

	"github.com/holdfast-ha/holdfast/stacks"
	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// argoEvents is the API of Argo Events' kinds.
const argoEvents = argoevents.Group + "/v1alpha1"

// election is how the pods of an EventSource or a Sensor choose the one that works, if they do.
type election struct {
	object   *manifest.Object
	replicas int
	// account is that of the pods, "" for the namespace's own.
	account string
	by      argoevents.Election
}

// elections lists the EventSources and Sensors whose bus is written down: what kind it is decides.
func elections(s *workload.System) []election {
	buses := map[string]*argoevents.EventBus{}
	for o, b := range every[argoevents.EventBus](s, argoEvents, "EventBus") {
		buses[o.Namespace+"/"+o.Name] = b
	}
	var all []election
	for o, e := range every[argoevents.EventSource](s, argoEvents, "EventSource") {
		if bus := buses[o.Namespace+"/"+cmp.Or(e.Spec.EventBusName, argoevents.DefaultBus)]; bus != nil {
			all = append(all, election{o, max(1, int(e.Spec.Replicas)), e.Spec.Template.ServiceAccountName, e.Election(bus)})
		}
	}
	for o, e := range every[argoevents.Sensor](s, argoEvents, "Sensor") {
		if bus := buses[o.Namespace+"/"+cmp.Or(e.Spec.EventBusName, argoevents.DefaultBus)]; bus != nil {
			all = append(all, election{o, max(1, int(e.Spec.Replicas)), e.Spec.Template.ServiceAccountName, e.Election(bus)})
		}
	}
	return all
}

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
	text, err := stacks.FS.ReadFile("argo-events/api.json")
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		panic(err) // it is part of the program, and read by its tests
	}
	_, version, _ := strings.Cut(document.Source, " ")
	version, _, _ = strings.Cut(version, " ")
	return fields{version, document.Definitions}
})
