package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
)

// addArgoEvents adds the custom resources of Argo Events, from the field list of the stack. Their CustomResourceDefinitions accept any field.
func (s Set) addArgoEvents(apiFile string) error {
	text, err := os.ReadFile(apiFile)
	if err != nil {
		return err
	}
	var api struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &api); err != nil {
		return fmt.Errorf("decoding %s: %w", apiFile, err)
	}
	maps.Copy(s.definitions, api.Definitions)
	for _, kind := range []string{"EventBus", "EventSource", "Sensor"} {
		spec := "events.v1alpha1." + kind + "Spec"
		if api.Definitions[spec] == nil {
			return fmt.Errorf("%s has no definition of %s", apiFile, spec)
		}
		if err := s.addCustom(Kind{"argoproj.io", "v1alpha1", kind}, object(reference(spec))); err != nil {
			return err
		}
	}
	return nil
}

// object returns the schema of an object without a status.
func object(spec map[string]any) map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{
		"type":                 "object",
		"properties":           map[string]any{"apiVersion": text, "kind": text, "spec": spec},
		"required":             []any{"apiVersion", "kind", "metadata", "spec"},
		"additionalProperties": false,
	}
}
