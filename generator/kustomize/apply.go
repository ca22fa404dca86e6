package kustomize

import (
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/filters/patchjson6902"
	"sigs.k8s.io/kustomize/api/provider"
)

var factory = provider.NewDefaultDepProvider().GetResourceFactory()

// applyMerge applies a strategic merge patch with Kustomize's own code.
func applyMerge(from, patch string) (*yaml.Node, error) {
	object, err := factory.FromBytes([]byte(from))
	if err != nil {
		return nil, err
	}
	change, err := factory.FromBytes([]byte(patch))
	if err != nil {
		return nil, err
	}
	if err := object.ApplySmPatch(change); err != nil {
		return nil, err
	}
	return object.YNode(), nil
}

// applyJSONPatch applies a JSON patch with Kustomize's own code.
func applyJSONPatch(from, patch string) (*yaml.Node, error) {
	object, err := factory.FromBytes([]byte(from))
	if err != nil {
		return nil, err
	}
	if err := object.ApplyFilter(patchjson6902.Filter{Patch: patch}); err != nil {
		return nil, err
	}
	return object.YNode(), nil
}
