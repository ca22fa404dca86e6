package importer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/holdfast-ha/holdfast/stacks"
)

// definition is a type of the API of Argo Events, as JSON Schema.
type definition struct {
	Ref        string                `json:"$ref"`
	Properties map[string]definition `json:"properties"`
	// Additional is false, or the type of the values of a map.
	Additional json.RawMessage `json:"additionalProperties"`
	Items      *definition     `json:"items"`
}

// api are the types of Argo Events by name.
var api = sync.OnceValue(func() map[string]definition {
	var file struct {
		Definitions map[string]definition `json:"definitions"`
	}
	text, err := stacks.FS.ReadFile("argo-events/api.json")
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		panic(err) // embedded and generated
	}
	return file.Definitions
})

// dropUnknown removes the fields that a type does not have from a value at a path, in place, and returns them. The controller ignores them.
func dropUnknown(typeName string, value any, path ...string) []string {
	return drop(definition{Ref: typeName}, value, path)
}

func drop(d definition, value any, path []string) (dropped []string) {
	if d.Ref != "" {
		d = api()[strings.TrimPrefix(d.Ref, "#/definitions/")]
	}
	switch v := value.(type) {
	case []any:
		for n, item := range v {
			if d.Items != nil {
				dropped = append(dropped, drop(*d.Items, item, append(slices.Clone(path), fmt.Sprint(n)))...)
			}
		}
	case map[string]any:
		var rest *definition
		closed := string(d.Additional) == "false"
		if !closed && len(d.Additional) > 0 {
			_ = json.Unmarshal(d.Additional, &rest) // true: any value
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := append(slices.Clone(path), key)
			known, ok := d.Properties[key]
			switch {
			case ok:
				dropped = append(dropped, drop(known, v[key], at)...)
			case closed:
				delete(v, key)
				dropped = append(dropped, field(at))
			case rest != nil:
				dropped = append(dropped, drop(*rest, v[key], at)...)
			}
		}
	}
	return dropped
}
