// Package workload reads the workloads of manifests: objects that create pods, and the objects that affect those pods.
//
// All objects get the API server's defaults, by its own code. A workload with a HorizontalPodAutoscaler has the autoscaler's
// minimum of pods in the steady state.
//
// Of admission, only the plugins DefaultTolerationSeconds and Priority are modelled. LimitRange, ResourceQuota, RuntimeClass
// overhead, webhooks and admission policies are not.
package workload

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// The kinds that create pods. The workload of a custom resource has the kind that its controller creates.
const (
	Deployment  = "Deployment"
	StatefulSet = "StatefulSet"
	DaemonSet   = "DaemonSet"
	ReplicaSet  = "ReplicaSet"
	Job         = "Job"
	Pod         = "Pod"
)

// Workload creates pods from a template.
type Workload struct {
	// Object is the object in the manifests. Kind and Name are those of the object that creates the pods. For a custom resource,
	// this is another object, created by its controller.
	Object                *manifest.Object
	Kind, Namespace, Name string
	// Replicas is the number of pods in the steady state; 0 for a DaemonSet, which has one on each matching node.
	Replicas int
	// Min and Max are the bounds of the autoscaler; both are Replicas without one.
	Min, Max int
	// Autoscaler is the HorizontalPodAutoscaler of the workload, nil without one.
	Autoscaler *manifest.Object
	// Selector selects the workload's pods; nil for a Job and a Pod.
	Selector *metav1.LabelSelector
	Template corev1.PodTemplateSpec
	// TemplatePath is the path of the template in the object: "spec", "template".
	TemplatePath []string
	Rollout      Rollout
	// MinReady is how long a pod must be ready to count as available.
	MinReady time.Duration
	// Claims are the volumeClaimTemplates: each pod has a PersistentVolumeClaim of its own from each.
	Claims      []corev1.PersistentVolumeClaim
	Replication Replication
	// Election is how the pods of an EventSource or a Sensor elect the active one. It is None if all are active, if it depends on
	// an EventBus that is not in the manifests, and for other workloads.
	Election argoevents.Election
	// Running are the existing pods on nodes, the oldest first.
	Running []Running

	// daemonRollout is the rolling update of a DaemonSet, whose percentages depend on the number of its nodes.
	daemonRollout *appsv1.RollingUpdateDaemonSet
	// lease is the lease timing of Argo Events' pods.
	lease Lease
	// known is the replication that a custom resource determines, with Model "" for other objects.
	known Replication
	// inline is set if the fields of the pod's spec are in the template without a spec key.
	inline bool
}

// Rollout is the update strategy of a workload. Percentages are resolved to numbers of pods of the steady-state replicas.
type Rollout struct {
	// Type is RollingUpdate, Recreate or OnDelete; "" for workloads without rollouts.
	Type string
	// MaxSurge is the number of pods allowed above the replicas, MaxUnavailable the number allowed below.
	MaxSurge, MaxUnavailable int
	// Parallel is set if a StatefulSet creates and deletes its pods without waiting (podManagementPolicy: Parallel).
	Parallel bool
	// Partition is the lowest ordinal that a rollout of a StatefulSet replaces.
	Partition int
}

// String is the kind and name of the workload's object.
func (w *Workload) String() string { return w.Object.String() }

// Path returns the path of a field of the pod template in the object.
func (w *Workload) Path(path ...string) []string {
	if w.inline && len(path) > 0 && path[0] == "spec" {
		path = path[1:]
	}
	return slices.Concat(w.TemplatePath, path)
}

// At returns the position of a field of the pod template, "file:line".
func (w *Workload) At(path ...string) string { return w.Object.At(w.Path(path...)...) }

// System has the workloads of manifests and the related objects.
type System struct {
	// Objects are all objects except the dependents of others, ordered by namespace, kind and name.
	Objects   []*manifest.Object
	Workloads []*Workload
	Budgets   []*Budget
	// Services are the Services of the manifests and those that controllers create for custom resources.
	Services   []*corev1.Service
	Namespaces []*corev1.Namespace
	// Unsupported are custom resources of unsupported kinds: the pods that they create are unknown.
	Unsupported []*manifest.Object
	// Assumed are assumptions about objects that are not in the manifests.
	Assumed []Assumption

	autoscalers map[key]*autoscaler
	classes     map[string]*schedulingv1.PriorityClass
	buses       map[string]*argoevents.EventBus
}

// Assumption is an assumption about a field of an object.
type Assumption struct {
	Object *manifest.Object
	Path   []string
	Text   string
}

func (s *System) assume(o *manifest.Object, text string, path ...string) {
	s.Assumed = append(s.Assumed, Assumption{Object: o, Path: path, Text: text})
}

// compare orders workloads by namespace, name and kind.
func compare(a, b *Workload) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}
