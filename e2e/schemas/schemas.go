// Package schemas generates the JSON schemas with which kubeconform validates manifests. Their sources are the OpenAPI document of Kubernetes,
// CustomResourceDefinitions of other systems, and the field list of the stack.
//
// They are strict: where fields are declared, other fields are invalid.
package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Kind is a kind of objects. Group is empty for the core group.
type Kind struct{ Group, Version, Kind string }

// Set is a set of schemas, each a definition that may refer to others.
type Set struct {
	kinds       map[Kind]string
	definitions map[string]any
}

// Load reads the schemas of a Kubernetes version ("v1.36.3"), of the other systems that the stacks use, and of Argo Events from the stack's
// api.json.
func Load(kubernetes, apiFile string) (Set, error) {
	s := Set{map[Kind]string{}, map[string]any{}}
	if err := s.addKubernetes(kubernetes); err != nil {
		return Set{}, err
	}
	if err := s.addNeighbours(); err != nil {
		return Set{}, err
	}
	return s, s.addArgoEvents(apiFile)
}

// Write writes the set into a folder: all definitions in one file, and for each kind a file that refers to it.
func (s Set) Write(dir string) error {
	if err := writeJSON(filepath.Join(dir, definitionsFile), map[string]any{"definitions": s.definitions}); err != nil {
		return err
	}
	for kind, definition := range s.kinds {
		schema := map[string]any{"$ref": definitionsFile + "#/definitions/" + definition}
		if err := writeJSON(filepath.Join(dir, kind.file()), schema); err != nil {
			return err
		}
	}
	return nil
}

const definitionsFile = "_definitions.json"

// Location returns the value of kubeconform's -schema-location for a folder.
func Location(dir string) string {
	return filepath.Join(dir, "{{ .ResourceKind }}{{ .KindSuffix }}.json")
}

// file returns kubeconform's file name for a kind. It contains only the first word of the group.
func (k Kind) file() string {
	parts := []string{k.Kind, strings.Split(k.Group, ".")[0], k.Version}
	if k.Group == "" {
		parts = []string{k.Kind, k.Version}
	}
	return strings.ToLower(strings.Join(parts, "-")) + ".json"
}

// add adds a kind to the set. A kind with the same file name for kubeconform is an error.
func (s Set) add(kind Kind, definition string) error {
	for other, taken := range s.kinds {
		if other.file() == kind.file() && taken != definition {
			return fmt.Errorf("kinds %v and %v have the same file %s", other, kind, kind.file())
		}
	}
	s.kinds[kind] = definition
	return nil
}

func writeJSON(file string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}
