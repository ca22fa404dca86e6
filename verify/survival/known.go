package survival

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

// knownOf is what the scheduler looks up: namespaces and Services as they were read, and the ReplicaSets and StatefulSets
// that pods belong to, from which it spreads those that say nothing of it themselves.
func knownOf(s *workload.System) scheduler.ClusterObjects {
	known := scheduler.ClusterObjects{Namespaces: s.Namespaces, Services: s.Services}
	for _, w := range s.Workloads {
		switch w.Kind {
		case workload.StatefulSet:
			known.StatefulSets = append(known.StatefulSets, &appsv1.StatefulSet{ObjectMeta: owner(w, 1), Spec: appsv1.StatefulSetSpec{Selector: selector(w, 1)}})
		case workload.ReplicaSet, workload.Deployment:
			for revision := 1; revision == 1 || revision == 2 && w.Kind == workload.Deployment; revision++ {
				known.ReplicaSets = append(known.ReplicaSets, &appsv1.ReplicaSet{ObjectMeta: owner(w, revision), Spec: appsv1.ReplicaSetSpec{Selector: selector(w, revision)}})
			}
		}
	}
	return known
}

// owner is what a workload's pods of a revision belong to: a Deployment's to a ReplicaSet for each, all others to itself.
func owner(w *workload.Workload, revision int) metav1.ObjectMeta {
	name := w.Name
	if w.Kind == workload.Deployment {
		name = fmt.Sprintf("%s-%d", w.Name, revision)
	}
	return metav1.ObjectMeta{Namespace: w.Namespace, Name: name}
}

// selector selects the pods of an owner, and no others unless they have all of their labels.
func selector(w *workload.Workload, revision int) *metav1.LabelSelector {
	labels := map[string]string{}
	maps.Copy(labels, w.Template.Labels)
	if hash, is := w.Pod(0, revision).Labels["pod-template-hash"]; is {
		labels["pod-template-hash"] = hash
	}
	return &metav1.LabelSelector{MatchLabels: labels}
}

// owned notes on a pod whose it is, where that counts for the scheduler.
func owned(p *corev1.Pod, w *workload.Workload, revision int) {
	kind := map[string]string{workload.Deployment: workload.ReplicaSet, workload.ReplicaSet: workload.ReplicaSet, workload.StatefulSet: workload.StatefulSet}[w.Kind]
	if kind != "" {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner(w, revision).Name, Controller: ptr.To(true)}}
	}
}
