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
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only kinds of Argo Events are checked, against the version of the bundled list of fields. The schema of their CRDs accepts any
// field, and the controller ignores unknown ones.
var fieldIsDropped = &Rule{
	ID:       "field-is-dropped",
	Severity: Note,
	Protects: "A field that the API does not have is stored and shown by kubectl get, but never read: its probe, spread or retry has no effect.",
	Fix:      "Correct or remove the field. Argo Events has no fields for probes, topology spread, update strategies and termination grace periods of its pods.",
	check: func(s *facts.System, report reporter) {
		for _, o := range s.Objects {
			spec := map[string]string{"EventBus": "EventBusSpec", "EventSource": "EventSourceSpec", "Sensor": "SensorSpec"}[o.Kind]
			if o.APIVersion != argoevents.APIVersion || spec == "" {
				continue
			}
			var decoded struct {
				Spec any `json:"spec"`
			}
			if err := o.Decode(&decoded); err != nil {
				continue
			}
			unknownFields(&field{Ref: "#/definitions/events.v1alpha1." + spec}, decoded.Spec, []string{"spec"}, func(path []string) {
				report(facts.In(o, path...), fmt.Sprintf("%s: Argo Events %s has no such field", strings.Join(path, "."), api().version))
			})
		}
	},
}

// unknownFields calls found with the path of each field of a value that its type does not have.
func unknownFields(of *field, value any, path []string, found func(path []string)) {
	if name, ok := strings.CutPrefix(of.Ref, "#/definitions/"); ok {
		of = api().definitions[name]
	}
	switch value := value.(type) {
	case []any:
		for i, v := range value {
			if of.Items != nil {
				unknownFields(of.Items, v, join(path, strconv.Itoa(i)), found)
			}
		}
	case map[string]any:
		var additional field
		closed := string(of.Additional) == "false"
		if !closed && of.Additional != nil {
			if err := json.Unmarshal(of.Additional, &additional); err != nil {
				panic(err) // the tests read the bundled file
			}
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			next := of.Properties[key]
			if next == nil {
				if closed {
					found(join(path, key))
					continue
				}
				next = &additional
			}
			unknownFields(next, value[key], join(path, key), found)
		}
	}
}

// join returns a path with one more key.
func join(path []string, key string) []string { return append(slices.Clone(path), key) }

// field is a type of the API: its fields and their types. A type without a list of fields may have any.
type field struct {
	Ref        string            `json:"$ref"`
	Properties map[string]*field `json:"properties"`
	Items      *field            `json:"items"`
	// Additional is the type of the values of a map, or false if there are no further fields.
	Additional json.RawMessage `json:"additionalProperties"`
}

// fields are the types of Argo Events by name, and their version.
type fields struct {
	version     string
	definitions map[string]*field
}

// api is the bundled list of fields.
var api = sync.OnceValue(func() fields {
	var document struct {
		Source      string // "MODULE VERSION PATH"
		Definitions map[string]*field
	}
	text, err := stacks.FS.ReadFile("argo-events/api.json")
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		panic(err) // the file is bundled, and the tests read it
	}
	_, version, _ := strings.Cut(document.Source, " ")
	version, _, _ = strings.Cut(version, " ")
	return fields{version, document.Definitions}
})
