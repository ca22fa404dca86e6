package scheduler

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper"

	"github.com/holdfast-ha/holdfast/internal/labelindex"
	"github.com/holdfast-ha/holdfast/verify/placement"
)

// ClusterObjects are the objects that the plugins list besides nodes and pods.
type ClusterObjects struct {
	// Namespaces are selected by affinity terms. Namespaces of pods may be missing here if they have no labels of their
	// own.
	Namespaces []*corev1.Namespace
	// Services, and the controllers in a pod's ownerReferences, select the pods that a pod without spread constraints
	// is spread from: as a preference, over nodes and zones. Pods of a Deployment are owned by its ReplicaSets.
	Services               []*corev1.Service
	ReplicaSets            []*appsv1.ReplicaSet
	StatefulSets           []*appsv1.StatefulSet
	ReplicationControllers []*corev1.ReplicationController
}

// listers has the cluster objects behind informers, which are filled directly and never run.
type listers struct {
	factory    informers.SharedInformerFactory
	namespaces placement.Namespaces
	// services has all Services with a selector, selecting the Services of pods by namespace and labels. The plugins read
	// their whole list for each pod, so it has only the Services that select the pod to place: shown.
	services  labelindex.Selectors[*corev1.Service]
	selecting map[string][]*corev1.Service
	shown     []*corev1.Service
}

func newListers() *listers {
	return &listers{
		factory: informers.NewSharedInformerFactory(nil, 0), namespaces: placement.Namespaces{},
		selecting: map[string][]*corev1.Service{},
	}
}

// replace replaces all objects.
func (l *listers) replace(objects ClusterObjects) error {
	core, apps := l.factory.Core().V1(), l.factory.Apps().V1()
	for _, err := range []error{
		fill(core.Namespaces().Informer().GetIndexer(), []*corev1.Namespace{}),
		fill(core.Services().Informer().GetIndexer(), []*corev1.Service{}),
		fill(core.ReplicationControllers().Informer().GetIndexer(), objects.ReplicationControllers),
		fill(apps.ReplicaSets().Informer().GetIndexer(), objects.ReplicaSets),
		fill(apps.StatefulSets().Informer().GetIndexer(), objects.StatefulSets),
	} {
		if err != nil {
			return fmt.Errorf("filling the scheduler's listers: %w", err)
		}
	}
	clear(l.namespaces) // in place: signatures refer to it
	clear(l.selecting)
	l.services, l.shown = labelindex.Selectors[*corev1.Service]{}, nil
	for _, s := range objects.Services {
		if s.Spec.Selector != nil {
			l.services.Add(s.Namespace, labels.SelectorFromSet(s.Spec.Selector), s)
		}
	}
	for name, labels := range placement.NewNamespaces(objects.Namespaces) {
		l.addNamespace(name, labels)
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

func (l *listers) addNamespace(name string, labels labels.Set) {
	l.namespaces[name] = labels
	// Add fails only for an object without a name.
	_ = l.factory.Core().V1().Namespaces().Informer().GetIndexer().Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
}

// ensureNamespace adds the namespace of a pod unless it exists.
func (l *listers) ensureNamespace(pod *corev1.Pod) {
	if l.namespaces[pod.Namespace] == nil {
		l.addNamespace(pod.Namespace, l.namespaces.Labels(pod.Namespace))
	}
}

// showServices limits the list of the plugins to the Services that select a pod.
func (l *listers) showServices(pod *corev1.Pod) error {
	key := pod.Namespace + " " + labels.Set(pod.Labels).String()
	found, ok := l.selecting[key]
	if !ok {
		for _, s := range l.services.Candidates(pod.Namespace, pod.Labels) {
			if s.Namespace == pod.Namespace && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) {
				found = append(found, s)
			}
		}
		l.selecting[key] = found
	}
	if slices.Equal(found, l.shown) {
		return nil
	}
	l.shown = found
	return fill(l.factory.Core().V1().Services().Informer().GetIndexer(), found)
}

// defaultSelector selects the pods that a pod without spread constraints is spread from.
func (l *listers) defaultSelector(pod *corev1.Pod) labels.Selector {
	core, apps := l.factory.Core().V1(), l.factory.Apps().V1()
	return helper.DefaultSelector(pod, core.Services().Lister(), core.ReplicationControllers().Lister(), apps.ReplicaSets().Lister(), apps.StatefulSets().Lister())
}
