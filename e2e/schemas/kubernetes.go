package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The definitions of metadata and of quantities.
const (
	objectMeta         = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
	quantityDefinition = "io.k8s.apimachinery.pkg.api.resource.Quantity"
)

// addKubernetes adds all kinds of a Kubernetes version, from the OpenAPI document in its sources.
func (s Set) addKubernetes(version string) error {
	dir, err := module("k8s.io/kubernetes", version)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "api", "openapi-spec", "swagger.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("decoding %s: %w", file, err)
	}
	for name, schema := range document.Definitions {
		kinds, err := kindsOf(schema)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", file, name, err)
		}
		for _, kind := range kinds {
			if err := s.add(kind, name); err != nil {
				return err
			}
		}
		strict(schema)
		s.definitions[name] = schema
	}
	s.definitions[quantityDefinition] = map[string]any{"type": []any{"string", "number"}, "pattern": quantity}
	return nil
}

// kindsOf returns the kinds of an OpenAPI definition: none for the definition of a field.
func kindsOf(schema map[string]any) ([]Kind, error) {
	text, err := json.Marshal(schema["x-kubernetes-group-version-kind"])
	if err != nil {
		return nil, err
	}
	var kinds []Kind
	return kinds, json.Unmarshal(text, &kinds)
}
