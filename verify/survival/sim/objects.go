package sim

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// clusterObjects returns the objects that the scheduler lists: namespaces and Services of the input, and the
// ReplicaSets and StatefulSets that own pods. The scheduler spreads the pods of an owner if they have no
// spread constraints.
func clusterObjects(s *workload.System) scheduler.ClusterObjects {
	objects := scheduler.ClusterObjects{Namespaces: s.Namespaces, Services: s.Services}
	for _, w := range s.Workloads {
		switch w.Kind {
		case workload.StatefulSet:
			objects.StatefulSets = append(objects.StatefulSets, &appsv1.StatefulSet{ObjectMeta: ownerMeta(w, 1), Spec: appsv1.StatefulSetSpec{Selector: ownerSelector(w, 1)}})
		case workload.ReplicaSet, workload.Deployment:
			for revision := 1; revision == 1 || revision == 2 && w.Kind == workload.Deployment; revision++ {
				objects.ReplicaSets = append(objects.ReplicaSets, &appsv1.ReplicaSet{ObjectMeta: ownerMeta(w, revision), Spec: appsv1.ReplicaSetSpec{Selector: ownerSelector(w, revision)}})
			}
		}
	}
	return objects
}

// ownerMeta returns namespace and name of the owner of a workload's pods: a ReplicaSet per revision for a Deployment, the
// workload itself otherwise.
func ownerMeta(w *workload.Workload, revision int) metav1.ObjectMeta {
	name := w.Name
	if w.Kind == workload.Deployment {
		name = fmt.Sprintf("%s-%d", w.Name, revision)
	}
	return metav1.ObjectMeta{Namespace: w.Namespace, Name: name}
}

// ownerSelector selects the pods with all labels of the template.
func ownerSelector(w *workload.Workload, revision int) *metav1.LabelSelector {
	labels := map[string]string{}
	maps.Copy(labels, w.Template.Labels)
	if w.Kind == workload.Deployment {
		labels[w.HashLabel] = w.Pod(0, revision).Labels[w.HashLabel]
	}
	return &metav1.LabelSelector{MatchLabels: labels}
}

// setOwner sets the owner reference of a pod, if the scheduler reads owners of that kind.
func setOwner(p *corev1.Pod, w *workload.Workload, revision int) {
	kind := map[string]string{workload.Deployment: workload.ReplicaSet, workload.ReplicaSet: workload.ReplicaSet, workload.StatefulSet: workload.StatefulSet}[w.Kind]
	if kind != "" {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: ownerMeta(w, revision).Name, Controller: ptr.To(true)}}
	}
}
