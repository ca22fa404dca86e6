package kustomize

import (
	"errors"
	"fmt"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// ErrNoPatch is returned where nothing that Kustomize understands turns one object into the other. It is a fault here, not in the input.
var ErrNoPatch = errors.New("no patch makes of the base's object what was rendered")

// patch turns one object into another.
type patch struct {
	text string
	// operations are the same change in small steps, to be explained.
	operations []operation
	// targeted is set on a JSON patch: it does not say itself which object it is for.
	targeted bool
}

// newPatch finds the patch from one object to another: a strategic merge that merges lists as Kubernetes does, else one that
// replaces lists, else a JSON patch. The first that Kustomize's own code turns into the other object is it.
// The text is empty where the objects differ in form only.
func newPatch(from, to manifest.Object) (patch, error) {
	was, err := parsed(from)
	if err != nil {
		return patch{}, err
	}
	is, err := parsed(to)
	if err != nil {
		return patch{}, err
	}
	p := patch{operations: operations(was, is, "")}
	if len(p.operations) == 0 {
		return p, nil
	}
	schema := openapi.SchemaForResourceType(kyaml.TypeMeta{APIVersion: from.APIVersion, Kind: from.Kind})
	for _, candidate := range []struct {
		content  *yaml.Node
		apply    func(from, patch string) (*yaml.Node, error)
		targeted bool
	}{
		{identified(from, merge{lists: true}.maps(was, is, schema)), merged, false},
		{identified(from, merge{}.maps(was, is, schema)), merged, false},
		{operationsNode(p.operations), patched, true},
	} {
		text, err := encoded(candidate.content)
		if err != nil {
			return patch{}, fmt.Errorf("%s %q: writing a patch: %w", from.Kind, from.Name, err)
		}
		if got, err := candidate.apply(from.Text, text); err == nil && equal(got, is) {
			p.text, p.targeted = text, candidate.targeted
			return p, nil
		}
	}
	return patch{}, fmt.Errorf("%s %q: %w", from.Kind, from.Name, ErrNoPatch)
}

// deletion is the patch that removes an object.
func deletion(o manifest.Object) (string, error) {
	return encoded(identified(o, mapping("$patch", "delete")))
}

// identified adds to a strategic merge patch which object it is for.
func identified(o manifest.Object, content *yaml.Node) *yaml.Node {
	meta := mapping("name", o.Name)
	if namespace := metadata(o.Text, "namespace"); namespace != "" {
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
