// Package workload reads what makes pods, and what watches over them, out of manifests.
//
// Everything has the defaults that the API server would have given it, from its own code. A workload under a
// HorizontalPodAutoscaler has at rest the fewest pods that it leaves it: that is what a quiet night has.
//
// Left out is what changes pods on their way into the cluster: LimitRange and ResourceQuota, RuntimeClass overhead, webhooks
// and admission policies of other kinds than the plugins DefaultTolerationSeconds and Priority.
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

// The kinds of controllers that make pods. A custom resource's workload has the kind that its controller makes.
const (
	Deployment  = "Deployment"
	StatefulSet = "StatefulSet"
	DaemonSet   = "DaemonSet"
	ReplicaSet  = "ReplicaSet"
	Job         = "Job"
	Pod         = "Pod"
)

// Workload makes pods of one template.
type Workload struct {
	// Object is what stands in the manifests; Kind and Name are those of what makes the pods, which differ from the
	// object's where that is a custom resource.
	Object                *manifest.Object
	Kind, Namespace, Name string
	// Replicas is how many pods there are at rest; 0 for a DaemonSet, which has one on each node that takes it.
	Replicas int
	// Min and Max are how few and how many an autoscaler makes of them, Replicas both without one.
	Min, Max int
	// Autoscaler is what scales it, nil if nothing does.
	Autoscaler *manifest.Object
	// Selector says which pods are its own; nil for a Job and a Pod.
	Selector *metav1.LabelSelector
	Template corev1.PodTemplateSpec
	// TemplatePath is where the template stands in the object: "spec", "template".
	TemplatePath []string
	Rollout      Rollout
	// MinReady is how long a pod must have been ready to count as available.
	MinReady time.Duration
	// Claims are made for each pod, and stay its own.
	Claims []corev1.PersistentVolumeClaim
	// Replication is how its pods stand to each other.
	Replication Replication
	// Election is how the pods of an EventSource or a Sensor choose the one that works; None where all do, where that depends on
	// an EventBus that is not in the manifests, and of other workloads.
	Election argoevents.Election
	// Running are the pods that it has on nodes already, the oldest first.
	Running []Running

	// onNodes is how a DaemonSet rolls, with percentages of the nodes that it runs on.
	onNodes *appsv1.RollingUpdateDaemonSet
	// lease is how pods of Argo Events keep theirs.
	lease Lease
	// known is what the code says that makes the pods, if nobody says otherwise.
	known Replication
	// inline: the template's spec stands in the object without a key of its own.
	inline bool
}

// Rollout is the update strategy of a workload. Percentages are resolved to numbers of pods of the steady-state replicas.
type Rollout struct {
	// Type is RollingUpdate, Recreate or OnDelete; "" for workloads without rollouts.
	Type string
	// MaxSurge is the number of pods allowed above the replicas, MaxUnavailable the number allowed below.
	MaxSurge, MaxUnavailable int
	// Parallel is set where a StatefulSet creates and deletes its pods without waiting (podManagementPolicy: Parallel).
	Parallel bool
	// Partition is the lowest ordinal that a rollout of a StatefulSet replaces.
	Partition int
}

// String names the workload for people, by the object that they know.
func (w *Workload) String() string { return w.Object.String() }

// Path is where a field of the pod's template stands in the object.
func (w *Workload) Path(path ...string) []string {
	if w.inline && len(path) > 0 && path[0] == "spec" {
		path = path[1:]
	}
	return slices.Concat(w.TemplatePath, path)
}

// At is where a field of the pod's template stands, "file:line".
func (w *Workload) At(path ...string) string { return w.Object.At(w.Path(path...)...) }

// System is all that was read.
type System struct {
	// Objects is everything but what controllers made of other objects in it, ordered by namespace, kind and name.
	Objects   []*manifest.Object
	Workloads []*Workload
	Budgets   []*Budget
	// Services are those that were read, and those that controllers make of custom resources; Namespaces are those that were read.
	Services   []*corev1.Service
	Namespaces []*corev1.Namespace
	// Unsupported are objects of kinds that nothing is known of.
	Unsupported []*manifest.Object
	// Assumed is what was taken for granted, for it is not in the manifests.
	Assumed []Assumption

	autoscalers map[key]*autoscaler
	classes     map[string]*schedulingv1.PriorityClass
	buses       map[string]*argoevents.EventBus
}

// Assumption is something that an object refers to and that is taken for granted.
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
