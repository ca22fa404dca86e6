package schemas

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// neighbours are the modules of other systems with custom resources that the stacks render. CEL validation rules are not checked: that needs an
// API server.
var neighbours = []struct{ module, version, file string }{
	{"github.com/cert-manager/cert-manager", "v1.21.2", "deploy/crds/cert-manager.io_certificates.yaml"},
	{"github.com/prometheus-operator/prometheus-operator", "v0.93.0", "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml"},
	{"github.com/prometheus-operator/prometheus-operator", "v0.93.0", "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"},
	{"sigs.k8s.io/gateway-api", "v1.4.0", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"},
}

// definition is the required part of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// Neighbours returns the files of the CustomResourceDefinitions of other systems that the stacks use.
func Neighbours() ([]string, error) {
	var files []string
	for _, n := range neighbours {
		dir, err := module(n.module, n.version)
		if err != nil {
			return nil, err
		}
		files = append(files, filepath.Join(dir, n.file))
	}
	return files, nil
}

func (s Set) addNeighbours() error {
	files, err := Neighbours()
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var crd definition
		if err := yaml.Unmarshal(text, &crd); err != nil {
			return fmt.Errorf("decoding %s: %w", file, err)
		}
		if err := s.addDefinition(crd); err != nil {
			return err
		}
	}
	return nil
}

func (s Set) addDefinition(crd definition) error {
	for _, v := range crd.Spec.Versions {
		schema := v.Schema.OpenAPIV3Schema
		strict(schema)
		if err := s.addCustom(Kind{crd.Spec.Group, v.Name, crd.Spec.Names.Kind}, schema); err != nil {
			return err
		}
	}
	return nil
}

// addCustom adds the schema of a custom resource, and the common metadata.
func (s Set) addCustom(kind Kind, schema map[string]any) error {
	properties, _ := schema["properties"].(map[string]any)
	if properties["spec"] == nil {
		return fmt.Errorf("the schema of %v declares no spec", kind)
	}
	properties["metadata"] = reference(objectMeta)
	name := kind.Group + "." + kind.Version + "." + kind.Kind
	s.definitions[name] = schema
	return s.add(kind, name)
}

func reference(definition string) map[string]any {
	return map[string]any{"$ref": "#/definitions/" + definition}
}
