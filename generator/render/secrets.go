package render

import (
	"context"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"helm.sh/helm/v3/pkg/engine"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Secrets returns the Secrets that the chart creates on an installation, by rendering it for a cluster without Secrets.
// Their random content is new at each call.
func Secrets(c *Chart, o Options) ([]manifest.Object, error) {
	values, err := releaseValues(c, o)
	if err != nil {
		return nil, err
	}
	texts, err := engine.RenderWithClientProvider(c, values, emptyCluster{})
	if err != nil {
		return nil, err
	}
	all, err := collect(texts)
	if err != nil {
		return nil, err
	}
	var secrets []manifest.Object
	for _, o := range all {
		if o.Kind == "Secret" && !o.Hook {
			secrets = append(secrets, o)
		}
	}
	return secrets, nil
}

// emptyCluster serves the lookups of templates: every namespace exists and is empty.
type emptyCluster struct{}

func (emptyCluster) GetClientFor(_, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return emptyResource{kind: kind}, kind != "Namespace", nil
}

type emptyResource struct {
	dynamic.NamespaceableResourceInterface
	kind string
}

func (r emptyResource) Namespace(string) dynamic.ResourceInterface { return r }

func (r emptyResource) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	if r.kind != "Namespace" {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: r.kind}, name)
	}
	namespace := &unstructured.Unstructured{}
	namespace.SetName(name)
	return namespace, nil
}
