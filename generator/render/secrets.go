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

// Secrets returns the Secrets that the chart creates on an installation, by rendering it for a cluster that has only the existing
// Secrets: data in base64 by name. The chart keeps their content. Other random content is new at each call.
func Secrets(c *Chart, o Options, existing map[string]map[string]string) ([]manifest.Object, error) {
	values, err := releaseValues(c, o)
	if err != nil {
		return nil, err
	}
	texts, err := engine.RenderWithClientProvider(c, values, secretsCluster{o.Release, existing})
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

// secretsCluster serves the lookups of templates: every namespace exists and has only Secrets of the release.
type secretsCluster struct {
	release string
	secrets map[string]map[string]string
}

func (c secretsCluster) GetClientFor(_, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return resource{cluster: c, kind: kind}, kind != "Namespace", nil
}

type resource struct {
	dynamic.NamespaceableResourceInterface
	cluster secretsCluster
	kind    string
}

func (r resource) Namespace(string) dynamic.ResourceInterface { return r }

func (r resource) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	o.SetName(name)
	data, ok := r.cluster.secrets[name]
	switch {
	case r.kind == "Namespace":
		return o, nil
	case r.kind == "Secret" && ok:
		// Helm's mark of its own objects. The chart does not render others.
		o.SetAnnotations(map[string]string{"meta.helm.sh/release-name": r.cluster.release})
		return o, unstructured.SetNestedStringMap(o.Object, data, "data")
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: r.kind}, name)
}
