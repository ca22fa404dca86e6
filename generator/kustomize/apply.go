package kustomize

import (
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/filters/patchjson6902"
	"sigs.k8s.io/kustomize/api/provider"
)

var factory = provider.NewDefaultDepProvider().GetResourceFactory()

// merged is what Kustomize makes of an object and a strategic merge patch.
func merged(from, patch string) (*yaml.Node, error) {
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

// patched is what Kustomize makes of an object and a JSON patch.
func patched(from, patch string) (*yaml.Node, error) {
	object, err := factory.FromBytes([]byte(from))
	if err != nil {
		return nil, err
	}
	if err := object.ApplyFilter(patchjson6902.Filter{Patch: patch}); err != nil {
		return nil, err
	}
	return object.YNode(), nil
}
