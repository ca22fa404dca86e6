package facts

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
)

// EventSource is an EventSource of Argo Events with the settings of its events.
type EventSource struct {
	Object *manifest.Object
	// Bus is the name of its EventBus.
	Bus string
	// Events are the settings of each event, by type and name: Events["webhook"]["orders"].
	Events map[string]map[string]map[string]any
}

// EventSources returns the EventSources of the manifests.
func (s *System) EventSources() []EventSource {
	var all []EventSource
	for o, source := range Objects[map[string]any](s, argoevents.APIVersion, "EventSource") {
		spec, _ := (*source)["spec"].(map[string]any)
		bus, _ := spec["eventBusName"].(string)
		e := EventSource{Object: o, Bus: cmp.Or(bus, argoevents.DefaultBus), Events: map[string]map[string]map[string]any{}}
		for kind, value := range spec {
			events, ok := value.(map[string]any)
			if !ok || kind == "template" || kind == "service" {
				continue
			}
			e.Events[kind] = map[string]map[string]any{}
			for name, event := range events {
				e.Events[kind][name], _ = event.(map[string]any)
			}
		}
		all = append(all, e)
	}
	return all
}

// Names returns the names of all events, sorted.
func (e EventSource) Names() []string {
	var all []string
	for _, events := range e.Events {
		all = slices.AppendSeq(all, maps.Keys(events))
	}
	slices.Sort(all)
	return all
}

// Of iterates over the events of a type in the order of their names.
func (e EventSource) Of(kind string) iter.Seq2[string, map[string]any] {
	return func(yield func(string, map[string]any) bool) {
		for _, name := range slices.Sorted(maps.Keys(e.Events[kind])) {
			if !yield(name, e.Events[kind][name]) {
				return
			}
		}
	}
}
