// Package live reads nodes and objects from a running cluster. It only lists.
package live

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// ErrRead is a cluster that does not answer, or refuses to.
var ErrRead = errors.New("the cluster gives no answer")

// Cluster is one that runs.
type Cluster struct {
	client    *dynamic.DynamicClient
	namespace string
}

// Open chooses a cluster by a kubeconfig and a context in it, as kubectl does where they are empty. Nothing is asked yet.
func Open(file, context string) (*Cluster, error) {
	config, namespace, err := kubeconfig.Load(file, context)
	if err != nil {
		return nil, fmt.Errorf("choosing a cluster: %w", err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("choosing a cluster: %w", err)
	}
	return &Cluster{client, namespace}, nil
}

// Namespace is that of the context.
func (c *Cluster) Namespace() string { return c.namespace }

// Nodes are those of the cluster, as they are.
func (c *Cluster) Nodes(ctx context.Context) (cluster.Cluster, error) {
	var texts []string
	err := c.list(ctx, nodes, "", func(o *unstructured.Unstructured) error {
		text, err := printed(o)
		texts = append(texts, text)
		return err
	})
	if apierrors.IsForbidden(err) {
		return cluster.Cluster{}, fmt.Errorf("%w: you may not list nodes: describe them by --cluster or --nodes", ErrRead)
	}
	if err != nil {
		return cluster.Cluster{}, fmt.Errorf("%w: listing nodes: %w", ErrRead, err)
	}
	return cluster.Parse("live", []byte(strings.Join(texts, "---\n")))
}

// Objects are those of a namespace, or of all if it is "", and those that are in none; of the kinds that decide what pods there
// are and what becomes of them. What has run to its end is left out. Their files are called as kubectl would ask for them,
// with the lines that it would print: live/NAMESPACE/KIND/NAME.
//
// leftOut names kinds that the cluster does not let one list and the cluster role view would not either; of others that is an
// error.
func (c *Cluster) Objects(ctx context.Context, namespace string) (all []*manifest.Object, leftOut []string, err error) {
	var refused []string
	for _, k := range kinds {
		in := namespace
		if k.wide {
			in = ""
		}
		err := c.list(ctx, k, in, func(o *unstructured.Unstructured) error {
			if ended(o) {
				return nil
			}
			shorten(o)
			object, err := parsed(k, o)
			all = append(all, object...)
			return err
		})
		switch {
		case err == nil:
		case apierrors.IsNotFound(err): // a kind of its own that nobody installed
		case apierrors.IsForbidden(err) && k.aside:
			leftOut = append(leftOut, k.String())
		case apierrors.IsForbidden(err):
			refused = append(refused, k.String())
		default:
			return nil, nil, fmt.Errorf("%w: listing %s: %w", ErrRead, k, err)
		}
	}
	if len(refused) > 0 {
		return nil, nil, fmt.Errorf("%w: you may not list %s%s: without them what is said would be wrong. "+
			"Ask for the cluster role view, or give files by -f", ErrRead, strings.Join(refused, ", "), where(namespace))
	}
	return all, leftOut, nil
}

func where(namespace string) string {
	if namespace == "" {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// list calls each with every object of a kind, page by page.
func (c *Cluster) list(ctx context.Context, k kind, namespace string, each func(*unstructured.Unstructured) error) error {
	resource := c.client.Resource(k.GroupVersionResource).Namespace(namespace)
	pages := pager.New(pager.SimplePageFunc(func(o metav1.ListOptions) (runtime.Object, error) { return resource.List(ctx, o) }))
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		u, is := o.(*unstructured.Unstructured)
		if !is {
			return fmt.Errorf("the list has a %T in it", o)
		}
		u.SetAPIVersion(k.GroupVersion().String())
		u.SetKind(k.name)
		return each(u)
	})
}

// shorten leaves of a pod whose controller is listed, too, what tells where it is: the rest stands in its controller's template,
// and there are many pods.
func shorten(o *unstructured.Unstructured) {
	owner := metav1.GetControllerOf(o)
	if owner == nil || o.GetKind() != "Pod" {
		return
	}
	of := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()
	if !slices.ContainsFunc(kinds, func(k kind) bool { return k.groupKind() == of && !k.aside }) {
		return
	}
	node, _, _ := unstructured.NestedString(o.Object, "spec", "nodeName")
	o.Object["spec"] = map[string]any{"nodeName": node}
	delete(o.Object, "status")
}

// ended tells whether a Pod or Job has run to its end, or is on its way out.
func ended(o *unstructured.Unstructured) bool {
	switch phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); o.GetKind() {
	case "Pod":
		return phase == "Succeeded" || phase == "Failed" || o.GetDeletionTimestamp() != nil
	case "Job":
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		return slices.ContainsFunc(conditions, func(c any) bool {
			fields, _ := c.(map[string]any)
			return (fields["type"] == "Complete" || fields["type"] == "Failed") && fields["status"] == "True"
		})
	}
	return false
}

// printed is an object as kubectl prints it.
func printed(o *unstructured.Unstructured) (string, error) {
	unstructured.RemoveNestedField(o.Object, "metadata", "managedFields")
	text, err := yaml.Marshal(o.Object)
	return string(text), err
}

func parsed(k kind, o *unstructured.Unstructured) ([]*manifest.Object, error) {
	text, err := printed(o)
	if err != nil {
		return nil, err
	}
	return manifest.Parse(path.Join("live", o.GetNamespace(), k.String(), o.GetName()), []byte(text))
}
