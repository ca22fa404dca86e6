package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

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
			if o.APIVersion != argoEvents || of == "" {
				continue
			}
			var says struct{ Spec any }
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
