package scheduler

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper"
)

// Known is what the plugins look up beside nodes and pods.
type ClusterObjects struct {
	// Namespaces are selected by terms of affinity. Those that pods are in need not be named if they have no labels
	// of their own.
	Namespaces []*corev1.Namespace
	// Services, and the controllers that a pod's ownerReferences name, select the pods that it is spread from where it
	// has no spread constraints itself: softly, over nodes and over zones. A Deployment's pods belong to its ReplicaSets.
	Services               []*corev1.Service
	ReplicaSets            []*appsv1.ReplicaSet
	StatefulSets           []*appsv1.StatefulSet
	ReplicationControllers []*corev1.ReplicationController
}

// objects is Known where the plugins look: behind informers that are filled by hand and never run.
type listers struct {
	factory    informers.SharedInformerFactory
	namespaces map[string]labels.Set
	// services are all by namespace; selecting those that select pods of a namespace and labels. The plugins are shown
	// those of the pod that is placed: they would look through all of them each time.
	services  map[string][]*corev1.Service
	selecting map[string][]*corev1.Service
	shown     []*corev1.Service
	// interests are those of the pods that were placed.
	interests map[string]*interest
}

func newListers() *listers {
	return &listers{
		factory: informers.NewSharedInformerFactory(nil, 0), namespaces: map[string]labels.Set{},
		services: map[string][]*corev1.Service{}, selecting: map[string][]*corev1.Service{},
		interests: map[string]*interest{},
	}
}

// replace forgets what was known before.
func (o *listers) replace(k ClusterObjects) error {
	core, apps := o.factory.Core().V1(), o.factory.Apps().V1()
	for _, err := range []error{
		fill(core.Namespaces().Informer().GetIndexer(), []*corev1.Namespace{}),
		fill(core.Services().Informer().GetIndexer(), []*corev1.Service{}),
		fill(core.ReplicationControllers().Informer().GetIndexer(), k.ReplicationControllers),
		fill(apps.ReplicaSets().Informer().GetIndexer(), k.ReplicaSets),
		fill(apps.StatefulSets().Informer().GetIndexer(), k.StatefulSets),
	} {
		if err != nil {
			return fmt.Errorf("telling the scheduler's plugins of objects: %w", err)
		}
	}
	clear(o.namespaces)
	clear(o.services)
	clear(o.selecting)
	clear(o.interests)
	o.shown = nil
	for _, s := range k.Services {
		o.services[s.Namespace] = append(o.services[s.Namespace], s)
	}
	for _, ns := range k.Namespaces {
		o.addNamespace(ns.Name, ns.Labels)
	}
	return nil
}

func fill[T any](indexer cache.Indexer, all []T) error {
	list := make([]any, len(all))
	for i, one := range all {
		list[i] = one
	}
	return indexer.Replace(list, "")
}

// addNamespace adds a namespace, with the label that the API server gives to each.
func (o *listers) addNamespace(name string, own map[string]string) {
	all := labels.Set{}
	maps.Copy(all, own)
	all[corev1.LabelMetadataName] = name
	o.namespaces[name] = all
	// The only error is that of an object without a name.
	_ = o.factory.Core().V1().Namespaces().Informer().GetIndexer().Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}})
}

// meet sees to it that the namespace of a pod is known: there is no pod without one.
func (o *listers) meet(pod *corev1.Pod) {
	if o.namespaces[pod.Namespace] == nil {
		o.addNamespace(pod.Namespace, nil)
	}
}

// show lets the plugins see the Services that select a pod.
func (o *listers) show(pod *corev1.Pod) error {
	if len(o.services[pod.Namespace]) == 0 && len(o.shown) == 0 {
		return nil
	}
	key := pod.Namespace + " " + labels.Set(pod.Labels).String()
	found, is := o.selecting[key]
	if !is {
		for _, s := range o.services[pod.Namespace] {
			if s.Spec.Selector != nil && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
				found = append(found, s)
			}
		}
		o.selecting[key] = found
	}
	if slices.Equal(found, o.shown) {
		return nil
	}
	o.shown = found
	return fill(o.factory.Core().V1().Services().Informer().GetIndexer(), found)
}

// defaultSelector selects the pods that a pod without spread constraints is spread from.
func (o *listers) defaultSelector(pod *corev1.Pod) labels.Selector {
	core, apps := o.factory.Core().V1(), o.factory.Apps().V1()
	return helper.DefaultSelector(pod, core.Services().Lister(), core.ReplicationControllers().Lister(), apps.ReplicaSets().Lister(), apps.StatefulSets().Lister())
}
