// Package live lists the nodes and objects of a live cluster. It never writes.
package live

import (
	"context"
	"encoding/json"
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
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// ErrCluster is wrapped by errors of the cluster: it is unreachable or refuses a request.
var ErrCluster = errors.New("cannot read the cluster")

// Cluster is a live cluster.
type Cluster struct {
	client    *dynamic.DynamicClient
	discovery *discovery.DiscoveryClient
	namespace string
}

// Open selects a cluster by a kubeconfig file and a context in it. Empty arguments mean kubectl's defaults. It sends no request.
func Open(file, context string) (*Cluster, error) {
	config, namespace, err := kubeconfig.Load(file, context)
	if err != nil {
		return nil, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	found, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	return &Cluster{client, found, namespace}, nil
}

// Namespace returns the namespace of the context.
func (c *Cluster) Namespace() string { return c.namespace }

// Version returns the version of the API server. An unknown version, and one that verify does not simulate, are errors.
func (c *Cluster) Version(ctx context.Context) (cluster.Version, error) {
	info, err := c.ServerVersion(ctx)
	if err != nil {
		return cluster.Version{}, fmt.Errorf("%w: pass --kube-version", err)
	}
	v, err := cluster.ParseVersion(info.Major + "." + info.Minor)
	if err != nil {
		return v, fmt.Errorf("the version of the cluster %w: pass the nearest one with --kube-version", err)
	}
	return v, nil
}

// ServerVersion returns the version of the API server, whether verify simulates it or not.
func (c *Cluster) ServerVersion(ctx context.Context) (info version.Info, err error) {
	text, err := c.discovery.RESTClient().Get().AbsPath("/version").Do(ctx).Raw()
	if err == nil {
		err = json.Unmarshal(text, &info)
	}
	if err != nil {
		return info, fmt.Errorf("%w: reading its version: %w", ErrCluster, err)
	}
	return info, nil
}

// List calls each for every object of a resource in all namespaces, page by page. Errors wrap ErrCluster and the error of the API
// server, such as NotFound or Forbidden.
func (c *Cluster) List(ctx context.Context, r schema.GroupVersionResource, kindName string, each func(*unstructured.Unstructured) error) error {
	k := of(r.Group, r.Version, r.Resource, kindName)
	if err := c.list(ctx, k, "", each); err != nil {
		return fmt.Errorf("%w: listing %s: %w", ErrCluster, k, err)
	}
	return nil
}

// Kinds returns the kinds of an API version that the API server has; none if it does not have the version. Every account may read
// them (ClusterRole system:discovery).
func (c *Cluster) Kinds(ctx context.Context, apiVersion string) (kinds []string, err error) {
	path := "/apis/" + apiVersion
	if apiVersion == "v1" {
		path = "/api/v1"
	}
	text, err := c.discovery.RESTClient().Get().AbsPath(path).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	var list metav1.APIResourceList
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the kinds of %s: %w", ErrCluster, apiVersion, err)
	}
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") { // a subresource
			kinds = append(kinds, r.Kind)
		}
	}
	return kinds, nil
}

// Nodes lists the nodes of the cluster.
func (c *Cluster) Nodes(ctx context.Context) (cluster.Cluster, error) {
	var texts []string
	err := c.list(ctx, nodes, "", func(o *unstructured.Unstructured) error {
		text, err := toYAML(o)
		texts = append(texts, text)
		return err
	})
	if apierrors.IsForbidden(err) {
		return cluster.Cluster{}, fmt.Errorf("%w: no permission to list nodes: describe them with --cluster or --nodes", ErrCluster)
	}
	if err != nil {
		return cluster.Cluster{}, fmt.Errorf("%w: listing nodes: %w", ErrCluster, err)
	}
	return cluster.Parse("live", []byte(strings.Join(texts, "---\n")))
}

// Objects lists the objects of a namespace, all namespaces if it is "", and the cluster-scoped objects: controllers, pods and
// the objects that affect pods, except completed ones and unmanaged pods that are Terminating. The file of an object is live/NAMESPACE/RESOURCE/NAME;
// its lines are those of kubectl get -o yaml.
//
// skipped names the resources without permission to list, if the cluster role view does not include them. For a resource that
// it includes, a missing permission is an error.
func (c *Cluster) Objects(ctx context.Context, namespace string) (all []*manifest.Object, skipped []string, err error) {
	var refused []string
	listed := map[schema.GroupResource]bool{}
	for _, k := range kinds {
		if listed[k.GroupResource()] { // in another version
			continue
		}
		in := namespace
		if k.clusterScoped {
			in = ""
		}
		err := c.list(ctx, k, in, func(o *unstructured.Unstructured) error {
			if completed(o) {
				return nil
			}
			shorten(o)
			objects, err := parse(k, o)
			all = append(all, objects...)
			return err
		})
		switch {
		case err == nil:
			listed[k.GroupResource()] = true
		case apierrors.IsNotFound(err): // the custom resource is not installed
		case apierrors.IsForbidden(err) && k.optional:
			skipped = append(skipped, k.String())
			listed[k.GroupResource()] = true
		case apierrors.IsForbidden(err):
			refused = append(refused, k.String())
		default:
			return nil, nil, fmt.Errorf("%w: listing %s: %w", ErrCluster, k, err)
		}
	}
	if len(refused) > 0 {
		return nil, nil, fmt.Errorf("%w: no permission to list %s%s: the result would be wrong without them. "+
			"Request the cluster role view, or pass files with -f", ErrCluster, strings.Join(refused, ", "), inNamespace(namespace))
	}
	return all, skipped, nil
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// list calls each for every object of a kind, page by page.
func (c *Cluster) list(ctx context.Context, k kind, namespace string, each func(*unstructured.Unstructured) error) error {
	resource := c.client.Resource(k.GroupVersionResource).Namespace(namespace)
	pages := pager.New(pager.SimplePageFunc(func(o metav1.ListOptions) (runtime.Object, error) { return resource.List(ctx, o) }))
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("the list contains a %T", o)
		}
		u.SetAPIVersion(k.GroupVersion().String())
		u.SetKind(k.name)
		return each(u)
	})
}

// shorten reduces a pod to its node name and status if its controller is listed as well. Clusters have many pods, and verify reads the rest
// from the controller's template.
func shorten(o *unstructured.Unstructured) {
	owner := metav1.GetControllerOf(o)
	if owner == nil || o.GetKind() != "Pod" {
		return
	}
	of := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()
	if !slices.ContainsFunc(kinds, func(k kind) bool { return k.groupKind() == of && !k.optional }) {
		return
	}
	node, _, _ := unstructured.NestedString(o.Object, "spec", "nodeName")
	o.Object["spec"] = map[string]any{"nodeName": node}
}

// completed reports whether a Pod or Job has finished, or whether a Pod is Terminating and will not be replaced.
func completed(o *unstructured.Unstructured) bool {
	switch phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); o.GetKind() {
	case "Pod":
		return phase == "Succeeded" || phase == "Failed" || o.GetDeletionTimestamp() != nil && metav1.GetControllerOf(o) == nil
	case "Job":
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		return slices.ContainsFunc(conditions, func(c any) bool {
			fields, _ := c.(map[string]any)
			return (fields["type"] == "Complete" || fields["type"] == "Failed") && fields["status"] == "True"
		})
	}
	return false
}

// toYAML returns an object as kubectl get -o yaml prints it.
func toYAML(o *unstructured.Unstructured) (string, error) {
	unstructured.RemoveNestedField(o.Object, "metadata", "managedFields")
	text, err := yaml.Marshal(o.Object)
	return string(text), err
}

func parse(k kind, o *unstructured.Unstructured) ([]*manifest.Object, error) {
	text, err := toYAML(o)
	if err != nil {
		return nil, err
	}
	objects, err := manifest.Parse(path.Join("live", o.GetNamespace(), k.String(), o.GetName()), []byte(text))
	for _, o := range objects {
		o.Accepted = true
	}
	return objects, err
}
