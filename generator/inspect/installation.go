package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/yaml"
)

// ErrCluster is wrapped by errors of the cluster: it is unreachable, or refuses a request.
var ErrCluster = errors.New("cannot read the cluster")

// Installation is what an import reads from a cluster.
type Installation struct {
	// Namespaces are those that were requested; by default that of the context.
	Namespaces []string
	// Text are the objects as YAML documents.
	Text []byte
	// Skipped are the resources without permission to list them, and where.
	Skipped []string
	// Complete is set if the Deployments of all namespaces were read.
	Complete bool
}

// resource is a resource with its kind.
type resource struct {
	schema.GroupVersionResource
	kind string
}

func resourceOf(group, version, name, kind string) resource {
	return resource{schema.GroupVersionResource{Group: group, Version: version, Resource: name}, kind}
}

// needed are the resources without which an import would be wrong. It has findings without the others.
var needed = []resource{
	resourceOf("argoproj.io", "v1alpha1", "eventbus", "EventBus"),
	resourceOf("argoproj.io", "v1alpha1", "eventsources", "EventSource"),
	resourceOf("argoproj.io", "v1alpha1", "sensors", "Sensor"),
}

var (
	deployments = resourceOf("apps", "v1", "deployments", "Deployment")
	configMaps  = resourceOf("", "v1", "configmaps", "ConfigMap")
	useful      = []resource{resourceOf("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"), resourceOf("", "v1", "services", "Service")}
)

// ReadInstallation reads an installation of Argo Events: the custom resources, budgets and Services of namespaces, by default that of the
// context, "" for all, and the controllers with their configuration. controller returns the ConfigMap of a Deployment that is a controller of Argo
// Events. It reads no Secrets.
func ReadInstallation(ctx context.Context, kubeconfigFile, kubeContext string, namespaces []string, controller func(deployment map[string]any) (config string, ok bool)) (Installation, error) {
	config, own, err := kubeconfig.Load(kubeconfigFile, kubeContext)
	if err != nil {
		return Installation{}, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return Installation{}, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	if len(namespaces) == 0 {
		namespaces = []string{own}
	}
	return readInstallation(ctx, client, namespaces, controller)
}

func readInstallation(ctx context.Context, client dynamic.Interface, namespaces []string, controller func(map[string]any) (string, bool)) (Installation, error) {
	found := Installation{Namespaces: namespaces, Complete: true}
	var text strings.Builder
	add := func(o *unstructured.Unstructured) error {
		one, err := yaml.Marshal(o.Object)
		text.WriteString("---\n" + string(one))
		return err
	}
	for _, namespace := range namespaces {
		if err := found.read(ctx, client, namespace, add); err != nil {
			return found, err
		}
	}
	addController := func(o *unstructured.Unstructured) error {
		name, ok := controller(o.Object)
		if !ok {
			return nil
		}
		if name != "" {
			one, err := client.Resource(configMaps.GroupVersionResource).Namespace(o.GetNamespace()).Get(ctx, name, metav1.GetOptions{})
			if err := found.skip(err, configMaps, o.GetNamespace()); err != nil {
				return err
			}
			if err == nil {
				if err := add(one); err != nil {
					return err
				}
			}
		}
		return add(o)
	}
	err := list(ctx, client, deployments, "", addController)
	if apierrors.IsForbidden(err) {
		found.Complete = false
		found.Skipped = append(found.Skipped, "deployments.apps in all namespaces")
		err = nil
		for _, namespace := range namespaces {
			err = errors.Join(err, found.skip(list(ctx, client, deployments, namespace, addController), deployments, namespace))
		}
	}
	if err != nil && !errors.Is(err, ErrCluster) {
		err = fmt.Errorf("%w: listing %s: %w", ErrCluster, deployments.GroupResource(), err)
	}
	found.Text = []byte(text.String())
	return found, err
}

// read reads the resources of a namespace.
func (i *Installation) read(ctx context.Context, client dynamic.Interface, namespace string, add func(*unstructured.Unstructured) error) error {
	for _, r := range needed {
		err := list(ctx, client, r, namespace, add)
		if apierrors.IsNotFound(err) {
			return fmt.Errorf("%w: it has no %s: Argo Events is not installed", ErrCluster, r.GroupResource())
		}
		if err != nil {
			return fmt.Errorf("%w: listing %s in %s: %w", ErrCluster, r.GroupResource(), named(namespace), err)
		}
	}
	for _, r := range useful {
		if err := i.skip(list(ctx, client, r, namespace, add), r, namespace); err != nil {
			return err
		}
	}
	return nil
}

// named is a namespace in a sentence; "" are all.
func named(namespace string) string {
	if namespace == "" {
		return "all namespaces"
	}
	return "namespace " + namespace
}

// skip notes a resource that may not be read, and returns all other errors. A missing object is no error.
func (i *Installation) skip(err error, r resource, namespace string) error {
	switch {
	case err == nil || apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		i.Skipped = append(i.Skipped, r.GroupResource().String()+" in "+named(namespace))
		return nil
	}
	return fmt.Errorf("%w: reading %s in %s: %w", ErrCluster, r.GroupResource(), named(namespace), err)
}

// list calls each for every object of a namespace, all namespaces if it is "", page by page.
func list(ctx context.Context, client dynamic.Interface, r resource, namespace string, each func(*unstructured.Unstructured) error) error {
	objects := client.Resource(r.GroupVersionResource).Namespace(namespace)
	pages := pager.New(pager.SimplePageFunc(func(o metav1.ListOptions) (runtime.Object, error) { return objects.List(ctx, o) }))
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("the list contains a %T", o)
		}
		u.SetAPIVersion(r.GroupVersion().String())
		u.SetKind(r.kind)
		return each(u)
	})
}
