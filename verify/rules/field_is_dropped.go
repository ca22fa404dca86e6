package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/holdfast-ha/holdfast/stacks"
	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes the kinds of Argo Events, of the version that the list of fields was read from. Their schema lets everything
// through, and the controller reads what it knows.
var fieldIsDropped = &Rule{
	ID:       "field-is-dropped",
	Protects: "A field that the API does not have is stored, shown by kubectl get, and never read: the probe, the spread or the retry that it asks for is not there.",
	Fix:      "Correct the name, or take the field away. Argo Events has no fields for probes, spread constraints, strategies and grace periods of its pods.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, o := range s.Objects {
			of := map[string]string{"EventBus": "EventBusSpec", "EventSource": "EventSourceSpec", "Sensor": "SensorSpec"}[o.Kind]
			if o.APIVersion != argoevents.APIVersion || of == "" {
				continue
			}
			var says struct {
				Spec any `json:"spec"`
			}
			if err := o.Decode(&says); err != nil {
				continue
			}
			dropped(&field{Ref: "#/definitions/events.v1alpha1." + of}, says.Spec, []string{"spec"}, func(path []string) {
				find(in(o, path...), fmt.Sprintf("%s: Argo Events %s has no such field", strings.Join(path, "."), api().version))
			})
		}
	},
}

// dropped walks over a value and the type it should be of, and finds the fields that the type does not have.
func dropped(of *field, value any, path []string, find func(path []string)) {
	if name, is := strings.CutPrefix(of.Ref, "#/definitions/"); is {
		of = api().definitions[name]
	}
	switch value := value.(type) {
	case []any:
		for i, v := range value {
			if of.Items != nil {
				dropped(of.Items, v, step(path, strconv.Itoa(i)), find)
			}
		}
	case map[string]any:
		var rest field
		none := string(of.Additional) == "false"
		if !none && of.Additional != nil {
			if err := json.Unmarshal(of.Additional, &rest); err != nil {
				panic(err) // the text was read by the tests
			}
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			next := of.Properties[key]
			if next == nil {
				if none {
					find(step(path, key))
					continue
				}
				next = &rest
			}
			dropped(next, value[key], step(path, key), find)
		}
	}
}

// step is a path and a step more.
func step(path []string, to string) []string { return append(slices.Clone(path), to) }

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
