// Package operator has the types that the readers of custom resources share: an operator with its kinds, and the objects that it
// creates for a custom resource.
package operator

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// Operator is an operator at the version whose source code its package follows.
type Operator struct {
	// Name and Version are those of the project: "Argo Rollouts", "v1.9.1". Source is the address of its source code.
	Name, Version, Source string
	Kinds                 []Kind
}

// Kind is a kind of custom resources.
type Kind struct {
	// Group, Version and Kind are those of the API. Objects of other versions are unsupported. Resource is the plural name.
	Group, Version, Kind, Resource string
	// Scale is set if the pods have the number of the scale subresource. An autoscaler can then change it.
	Scale bool
	// Expand returns the objects that the operator creates for a custom resource. Errors are those of fields that the API server
	// or the operator rejects.
	Expand func(o *manifest.Object, all Objects) (Expansion, error)
}

// Expansion has the objects that an operator creates for a custom resource, with its namespace.
type Expansion struct {
	Workloads   []Workload
	Budgets     []Budget
	Services    []*corev1.Service
	Autoscalers []Autoscaler
	// Scaled are workloads of other objects whose number of pods the operator sets.
	Scaled []Scaled
	// Unknown is set if the pods depend on what the manifests do not show. The custom resource is then unsupported.
	Unknown bool
	// Assumed are assumptions about what the manifests do not show.
	Assumed []Assumption
}

// Assumption is an assumption about a field of the custom resource.
type Assumption struct {
	Text string
	Path []string
}

// Fields maps paths of a dependent to those of the custom resource that determine them: "spec.template.spec" to "spec.podTemplate".
// A path below one of the keys keeps its rest. Other paths have no counterpart.
type Fields map[string]string

// Workload creates pods. Exactly one of Deployment, StatefulSet, DaemonSet, Job and Pods is set.
type Workload struct {
	Deployment  *appsv1.Deployment
	StatefulSet *appsv1.StatefulSet
	DaemonSet   *appsv1.DaemonSet
	Job         *batchv1.Job
	Pods        *Pods

	// Main is set if reports name the workload by the custom resource. Others have their own kind and name.
	Main        bool
	Fields      Fields
	Replication Replication
	// Software is the image of the known software in the first container, for operators whose users may name it otherwise; Config has
	// the texts of its configuration.
	Software string
	Config   []string
	// Group is the name of the group whose workloads replicate as one, "" without one.
	Group string

	// Stop is how long a pod takes to terminate if that is less than its grace period, 0 if it is not known.
	Stop time.Duration
	// Roles are the labels that the operator sets on running pods, for each role that a pod can have.
	Roles []map[string]string

	// ReplicaSets is set for a Deployment whose ReplicaSets the operator creates itself.
	ReplicaSets *ReplicaSets
	// Lease is the timing of a leader election by Lease, zero if it is unknown. Election is how the pods of Argo Events elect the
	// active one.
	Lease    Lease
	Election string
}

// Lease is the timing of a leader election by Lease.
type Lease struct{ Duration, RetryPeriod time.Duration }

// ReplicaSets are the ReplicaSets that an operator creates instead of a Deployment.
type ReplicaSets struct {
	// HashLabel is the label that distinguishes the pods of two revisions.
	HashLabel string
	// BlueGreen is set if a rollout creates all new pods before it deletes the old ones.
	BlueGreen bool
	// KeepsOld is why it does not delete the old ones even then, "" if it does.
	KeepsOld string
	// Apart is set if new pods may not be on the nodes of old ones.
	Apart bool
}

// Pods are pods with fixed names that an operator creates without a controller of Kubernetes. It creates a pod again once the old
// object is gone, and replaces the pods one at a time in a rollout.
type Pods struct {
	metav1.ObjectMeta
	Replicas int32
	// First is the number at the end of the first name.
	First int32
	// Scale is set if the owner of the pods has a scale subresource. Budgets with percentages or maxUnavailable need it.
	Scale bool
	// RestartsActive is set if a rollout replaces the active pod, the last one, without a takeover by another pod. It is the setting
	// of the custom resource that causes a takeover: "primaryUpdateMethod: switchover".
	RestartsActive string
	// RequiresApart is the setting of the custom resource that requires a different node for each pod: "spec.affinity.podAntiAffinityType:
	// required". It is empty if there is none, or if it is set.
	RequiresApart string
	// Owner is the kind of the owner.
	Owner                string
	Selector             *metav1.LabelSelector
	Template             corev1.PodTemplateSpec
	VolumeClaimTemplates []corev1.PersistentVolumeClaim
	// ClaimName returns the name of a pod's claim from a template. If it is nil, the name is that of a StatefulSet's claim.
	ClaimName func(template, pod string) string
}

// Budget is a PodDisruptionBudget.
type Budget struct {
	*policyv1.PodDisruptionBudget
	Fields Fields
}

// Autoscaler is a HorizontalPodAutoscaler.
type Autoscaler struct {
	*autoscalingv1.HorizontalPodAutoscaler
	Fields Fields
	// ScalesFromZero is set if a target with 0 replicas is scaled up. A HorizontalPodAutoscaler ignores such a target.
	ScalesFromZero bool
	// Idle is the number of pods while there is nothing to do, nil if it is the minimum.
	Idle *int32
	// Fixed is set if the target has exactly the minimum of pods.
	Fixed bool
}

// Scaled is a workload of another object whose number of pods an operator sets.
type Scaled struct {
	Group, Kind, Name string
	Replicas          int32
	Why               string
}

// Replication is how the pods of a workload replicate.
type Replication struct {
	// Model is the model as users write it: "quorum", "copies:1". Without one it follows from the kind and the images.
	Model string
	// Count is set for a quorum that needs at least as many pods, because not every pod has a copy of each item.
	Count int
	// Fixed is set if the custom resource does not allow a second pod.
	Fixed bool
	// Zones is the number of copies that the software keeps in as many different zones, 0 if it does not.
	Zones int
	// Assumed is set if the manifests do not show all that the model depends on.
	Assumed bool
	// Why is the reason, for people.
	Why string
}

// Objects finds objects of the manifests.
type Objects struct {
	byName map[objectKey]*manifest.Object
	// byKind has no names in its keys.
	byKind map[objectKey][]*manifest.Object
}

type objectKey struct{ group, kind, namespace, name string }

// NewObjects returns an index of objects.
func NewObjects(all []*manifest.Object) Objects {
	index := Objects{map[objectKey]*manifest.Object{}, map[objectKey][]*manifest.Object{}}
	for _, o := range all {
		kind := objectKey{group: o.Group(), kind: o.Kind, namespace: o.Namespace}
		index.byKind[kind] = append(index.byKind[kind], o)
		index.byName[objectKey{o.Group(), o.Kind, o.Namespace, o.Name}] = o
	}
	return index
}

// Find returns an object, nil if it is not in the manifests.
func (all Objects) Find(group, kind, namespace, name string) *manifest.Object {
	return all.byName[objectKey{group, kind, namespace, name}]
}

// Of returns the objects of a kind in a namespace, in the order of their names.
func (all Objects) Of(group, kind, namespace string) []*manifest.Object {
	return all.byKind[objectKey{group: group, kind: kind, namespace: namespace}]
}
