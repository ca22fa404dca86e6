// Package schemas makes the JSON schemas that kubeconform validates manifests against, from the sources of the types
// themselves: the OpenAPI document of Kubernetes, the custom resource definitions of others, the stack's own field list.
//
// They are strict: where fields are declared, no other is let in.
package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Kind is a kind of objects; Group is empty for the core one.
type Kind struct{ Group, Version, Kind string }

// Set is a set of schemas, each a definition that may refer to others.
type Set struct {
	kinds       map[Kind]string
	definitions map[string]any
}

// Load reads the schemas of a Kubernetes version ("v1.36.3"), of the other systems that our stacks use, and of Argo
// Events from the api.json file of the stack.
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

// Location is what kubeconform has to be told of the folder.
func Location(dir string) string {
	return filepath.Join(dir, "{{ .ResourceKind }}{{ .KindSuffix }}.json")
}

// file is the name that kubeconform makes of a kind: of the group only the first word.
func (k Kind) file() string {
	parts := []string{k.Kind, strings.Split(k.Group, ".")[0], k.Version}
	if k.Group == "" {
		parts = []string{k.Kind, k.Version}
	}
	return strings.ToLower(strings.Join(parts, "-")) + ".json"
}

// add puts a kind into the set. It is an error if kubeconform would take another kind's file for it.
func (s Set) add(kind Kind, definition string) error {
	for other, taken := range s.kinds {
		if other.file() == kind.file() && taken != definition {
			return fmt.Errorf("kinds %v and %v both want the file %s", other, kind, kind.file())
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
