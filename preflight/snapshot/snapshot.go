// Package snapshot has the objects of a live cluster that the checks of preflight read. It never writes.
package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/holdfast-ha/holdfast/verify/live"
)

// Snapshot has the objects of a cluster, each list ordered by namespace and name.
type Snapshot struct {
	// Version is the version of the API server, like v1.36.3.
	Version string

	Nodes        []*corev1.Node
	Pods         []*corev1.Pod
	Namespaces   []*corev1.Namespace
	Services     []*corev1.Service
	Endpoints    []*discoveryv1.EndpointSlice
	Claims       []*corev1.PersistentVolumeClaim
	Volumes      []*corev1.PersistentVolume
	Classes      []*storagev1.StorageClass
	Deployments  []*appsv1.Deployment
	StatefulSets []*appsv1.StatefulSet
	Budgets      []*policyv1.PodDisruptionBudget
	Validating   []*admissionv1.ValidatingWebhookConfiguration
	Mutating     []*admissionv1.MutatingWebhookConfiguration
	Leases       []*coordinationv1.Lease

	PriorityClasses []*schedulingv1.PriorityClass
	RuntimeClasses  []*nodev1.RuntimeClass
	Quotas          []*corev1.ResourceQuota

	// Installation is what will be installed, nil for nothing.
	Installation *Installation
	// Unread has the reason why a resource could not be listed.
	Unread map[Resource]string
}

// NoPermission is the reason in Unread for a missing permission.
const NoPermission = "no permission to list"

// Resource is the name of a resource as an argument of kubectl get: "deployments.apps".
type Resource string

// The resources that a snapshot can have.
const (
	Nodes        Resource = "nodes"
	Pods         Resource = "pods"
	Namespaces   Resource = "namespaces"
	Services     Resource = "services"
	Endpoints    Resource = "endpointslices.discovery.k8s.io"
	Claims       Resource = "persistentvolumeclaims"
	Volumes      Resource = "persistentvolumes"
	Classes      Resource = "storageclasses.storage.k8s.io"
	Deployments  Resource = "deployments.apps"
	StatefulSets Resource = "statefulsets.apps"
	Budgets      Resource = "poddisruptionbudgets.policy"
	Validating   Resource = "validatingwebhookconfigurations.admissionregistration.k8s.io"
	Mutating     Resource = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
	Leases       Resource = "leases.coordination.k8s.io"

	PriorityClasses Resource = "priorityclasses.scheduling.k8s.io"
	RuntimeClasses  Resource = "runtimeclasses.node.k8s.io"
	Quotas          Resource = "resourcequotas"
)

// source is how a resource is listed.
type source struct {
	version, kind string
	// into returns a function that adds an object, and one that sorts or removes all.
	into func(*Snapshot) target
}

// sources has every resource of a snapshot.
var sources = map[Resource]source{
	Nodes:        {"v1", "Node", func(s *Snapshot) target { return of(&s.Nodes) }},
	Pods:         {"v1", "Pod", func(s *Snapshot) target { return of(&s.Pods) }},
	Namespaces:   {"v1", "Namespace", func(s *Snapshot) target { return of(&s.Namespaces) }},
	Services:     {"v1", "Service", func(s *Snapshot) target { return of(&s.Services) }},
	Endpoints:    {"v1", "EndpointSlice", func(s *Snapshot) target { return of(&s.Endpoints) }},
	Claims:       {"v1", "PersistentVolumeClaim", func(s *Snapshot) target { return of(&s.Claims) }},
	Volumes:      {"v1", "PersistentVolume", func(s *Snapshot) target { return of(&s.Volumes) }},
	Classes:      {"v1", "StorageClass", func(s *Snapshot) target { return of(&s.Classes) }},
	Deployments:  {"v1", "Deployment", func(s *Snapshot) target { return of(&s.Deployments) }},
	StatefulSets: {"v1", "StatefulSet", func(s *Snapshot) target { return of(&s.StatefulSets) }},
	Budgets:      {"v1", "PodDisruptionBudget", func(s *Snapshot) target { return of(&s.Budgets) }},
	Validating:   {"v1", "ValidatingWebhookConfiguration", func(s *Snapshot) target { return of(&s.Validating) }},
	Mutating:     {"v1", "MutatingWebhookConfiguration", func(s *Snapshot) target { return of(&s.Mutating) }},
	Leases:       {"v1", "Lease", func(s *Snapshot) target { return of(&s.Leases) }},

	PriorityClasses: {"v1", "PriorityClass", func(s *Snapshot) target { return of(&s.PriorityClasses) }},
	RuntimeClasses:  {"v1", "RuntimeClass", func(s *Snapshot) target { return of(&s.RuntimeClasses) }},
	Quotas:          {"v1", "ResourceQuota", func(s *Snapshot) target { return of(&s.Quotas) }},
}

// target is a list of a snapshot.
type target interface {
	add(*unstructured.Unstructured) error
	sort()
	clear()
}

type list[T any, P interface {
	*T
	metav1.Object
}] struct{ all *[]P }

func of[T any, P interface {
	*T
	metav1.Object
}](all *[]P) target {
	return list[T, P]{all}
}

func (l list[T, P]) add(o *unstructured.Unstructured) error {
	typed := P(new(T))
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, typed); err != nil {
		return fmt.Errorf("decoding %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
	}
	*l.all = append(*l.all, typed)
	return nil
}

func (l list[T, P]) sort() {
	slices.SortFunc(*l.all, func(a, b P) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
}

func (l list[T, P]) clear() { *l.all = nil }

// Group returns the API group of a resource, and its name in there.
func (r Resource) Group() (group, name string) {
	gr := schema.ParseGroupResource(string(r))
	return gr.Group, gr.Resource
}

// concurrent is the number of lists at a time. The API server's limits for a client with 300 requests at once are not reached.
const concurrent = 8

// Read lists the resources, and the API versions of the installation, which may be nil. A resource that may not be listed, or that the API server does not have, is in Unread. Any other error
// ends the reading.
func Read(ctx context.Context, c *live.Cluster, resources []Resource, i *Installation) (*Snapshot, error) {
	info, err := c.ServerVersion(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Version: info.GitVersion, Installation: i, Unread: map[Resource]string{}}
	if i != nil {
		if err := i.discover(ctx, c); err != nil {
			return nil, err
		}
	}
	failed := make([]error, len(resources))
	slots := make(chan struct{}, concurrent)
	var wait sync.WaitGroup
	for i, r := range resources {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			failed[i] = s.list(ctx, c, r)
		})
	}
	wait.Wait()
	for i, err := range failed {
		switch {
		case err == nil:
		case apierrors.IsForbidden(err):
			s.Unread[resources[i]] = NoPermission
		case apierrors.IsNotFound(err):
			s.Unread[resources[i]] = "the API server does not have this resource"
		default:
			return nil, err
		}
	}
	return s, nil
}

func (s *Snapshot) list(ctx context.Context, c *live.Cluster, r Resource) error {
	from, ok := sources[r]
	if !ok {
		return errors.New("unknown resource " + string(r))
	}
	into := from.into(s)
	group, name := r.Group()
	err := c.List(ctx, schema.GroupVersionResource{Group: group, Version: from.version, Resource: name}, from.kind, into.add)
	into.sort()
	if err != nil {
		into.clear() // a part of a list is not the list
	}
	return err
}

// Only returns a copy that has no other resources than these.
func (s *Snapshot) Only(resources []Resource) *Snapshot {
	part := *s
	for r, from := range sources {
		if !slices.Contains(resources, r) {
			from.into(&part).clear()
		}
	}
	return &part
}

// Of returns a snapshot with some objects. A kind that no check reads is an error.
func Of(version string, objects []*unstructured.Unstructured) (*Snapshot, error) {
	s := &Snapshot{Version: version, Unread: map[Resource]string{}}
	for _, o := range objects {
		found := false
		for r, from := range sources {
			group, _ := r.Group()
			if from.kind == o.GetKind() && group == o.GroupVersionKind().Group {
				found = true
				if err := from.into(s).add(o); err != nil {
					return nil, err
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("no check reads the kind %s", o.GetKind())
		}
	}
	for _, from := range sources {
		from.into(s).sort()
	}
	return s, nil
}
