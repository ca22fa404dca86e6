package kustomize

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// ErrNoPatch is returned if no patch that Kustomize supports turns one object into the other. It is a fault of this package, not
// of the input.
var ErrNoPatch = errors.New("no patch turns the base's object into the rendered one")

// patch turns one object into another.
type patch struct {
	text string
	// operations is the same change as a JSON patch, to be explained step by step.
	operations []operation
	// targeted is set on a JSON patch: the kustomization must name its object.
	targeted bool
}

// newPatch returns the patch from one object to another. Candidates are a strategic merge that merges lists as Kubernetes does,
// one that replaces lists, and a JSON patch. It returns the first that yields the other object in Kustomize's own code. The text
// is empty if the objects differ in style only.
func newPatch(from, to object) (patch, error) {
	before, after := from.node.YNode(), to.node.YNode()
	p := patch{operations: operations(before, after, "")}
	if len(p.operations) == 0 {
		return p, nil
	}
	schema := openapi.SchemaForResourceType(kyaml.TypeMeta{APIVersion: from.APIVersion, Kind: from.Kind})
	for _, candidate := range []struct {
		content  *yaml.Node
		apply    func(from, patch string) (*yaml.Node, error)
		targeted bool
	}{
		{identified(from, merge{lists: true}.maps(before, after, schema)), applyMerge, false},
		{identified(from, merge{}.maps(before, after, schema)), applyMerge, false},
		{operationsNode(p.operations), applyJSONPatch, true},
	} {
		text, err := encode(candidate.content)
		if err != nil {
			return patch{}, fmt.Errorf("%s %q: writing a patch: %w", from.Kind, from.Name, err)
		}
		if got, err := candidate.apply(from.Text, text); err == nil && equal(got, after) {
			p.text, p.targeted = text, candidate.targeted
			return p, nil
		}
	}
	return patch{}, fmt.Errorf("%s %q: %w", from.Kind, from.Name, ErrNoPatch)
}

// deletion returns the patch that deletes an object.
func deletion(o object) (string, error) {
	return encode(identified(o, mapping("$patch", "delete")))
}

// identified adds the identity of an object to a strategic merge patch.
func identified(o object, content *yaml.Node) *yaml.Node {
	meta := mapping("name", o.Name)
	if namespace := o.node.GetNamespace(); namespace != "" {
		meta = mapping("name", o.Name, "namespace", namespace)
	}
	whole := mapping("apiVersion", o.APIVersion, "kind", o.Kind)
	set(whole, scalar("metadata"), meta)
	for key, value := range fields(content) {
		if key.Value == "metadata" {
			meta.Content = append(meta.Content, value.Content...)
			continue
		}
		set(whole, key, value)
	}
	return whole
}
