// Package workload reads the workloads of manifests: objects that create pods, and the objects that affect those pods.
//
// All objects get the API server's defaults, by its own code. A workload with a HorizontalPodAutoscaler has the autoscaler's
// minimum of pods in the steady state.
//
// Of admission, the plugins DefaultTolerationSeconds, Priority, LimitRanger (defaults) and RuntimeClass are applied here. Package
// admission has what refuses pods.
package workload

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/models"
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
	"github.com/holdfast-ha/holdfast/verify/storage"
)

// The kinds that create pods. The workload of a custom resource has the kind that its controller creates.
const (
	Deployment  = "Deployment"
	StatefulSet = "StatefulSet"
	DaemonSet   = "DaemonSet"
	ReplicaSet  = "ReplicaSet"
	Job         = "Job"
	Pod         = "Pod"
	// Pods is the kind of pods with fixed names that an operator creates. It replaces them one at a time.
	Pods = "Pods"
)

// Workload creates pods from a template.
type Workload struct {
	// Object is the object in the manifests, or the dependent of a custom resource that determines the pods. Kind and Name are those
	// of the object that creates the pods. For a custom resource, this is another object, created by its operator.
	Object                *manifest.Object
	Kind, Namespace, Name string
	// Replicas is the number of pods in the steady state; 0 for a DaemonSet, which has one on each matching node.
	Replicas int
	// Min and Max are the bounds of the autoscaler; both are Replicas without one.
	Min, Max int
	// Autoscaler is the HorizontalPodAutoscaler or ScaledObject of the workload, nil without one.
	Autoscaler *manifest.Object
	// Selector selects the workload's pods; nil for a Job and a Pod.
	Selector *metav1.LabelSelector
	Template corev1.PodTemplateSpec
	// RestartsActive is set if a rollout replaces the active pod, the last one, without a takeover by another pod. It is the
	// setting that causes a takeover.
	RestartsActive string
	// RequiresApart is the setting of the custom resource that requires a different node for each pod; "" if there is none, or if it is set.
	RequiresApart string
	// Stop is how long a pod takes to terminate if that is less than its grace period, 0 if it is not known.
	Stop time.Duration
	// Roles are the labels that an operator sets on running pods, for each role that a pod can have.
	Roles []map[string]string
	// TemplatePath is the path of the template in the object: "spec", "template".
	TemplatePath []string
	Rollout      Rollout
	// HashLabel is the label by which the pods of a Deployment differ between revisions, "" for other kinds. Apart is set if new
	// pods may not be on the nodes of old ones.
	HashLabel string
	Apart     bool
	// KeepsOld is why a rollout of type BlueGreen never deletes the old pods, "" if it does.
	KeepsOld string
	// MinReady is how long a pod must be ready to count as available.
	MinReady time.Duration
	// Claims are the volumeClaimTemplates: each pod has a PersistentVolumeClaim of its own from each.
	Claims      []corev1.PersistentVolumeClaim
	Replication Replication
	// Software is what is known of the software in the pods, nil if nothing is.
	Software *models.Found `json:"-"`
	// Group are the workloads whose pods replicate together, this one included; nil if its pods replicate among themselves.
	Group *Group `json:"-"`
	// LeaderOnly is why only the leader's pod is Ready, "" if all pods are.
	LeaderOnly string
	// Election is how the pods of an EventSource or a Sensor elect the active one. It is None if all are active, if it depends on
	// an EventBus that is not in the manifests, and for other workloads.
	Election argoevents.Election
	// Running are the existing pods on nodes, the oldest first.
	Running []Running

	// daemonRollout is the rolling update of a DaemonSet, whose percentages depend on the number of its nodes.
	daemonRollout *appsv1.RollingUpdateDaemonSet
	// lease is the timing of an election by Lease that a custom resource determines.
	lease Lease
	// hash identifies the pod template among those of all workloads.
	hash string
	// known is the replication that a custom resource determines, with Model "" for other objects.
	known Replication
	// blueGreen is set if a rollout creates all new pods before it deletes the old ones.
	blueGreen bool
	// noScale is set for a custom resource without a scale subresource for its pods.
	noScale bool
	// owner is the kind of the owner of pods with fixed names; ownerHasNoScale is set if it has no scale subresource. names are
	// those of the pods that exist or, without any, numbers from first.
	owner           string
	ownerHasNoScale bool
	first           int
	names           []string
	claimName       func(template, pod string) string
	// serviceName is the Service that governs a StatefulSet.
	serviceName string
	// operatorGroup is the group that a custom resource determines, "" without one.
	operatorGroup string
	// image is the image of the known software in the first container, and config its configuration, for a custom resource that
	// determines them.
	image  string
	config []string
}

// Rollout is the update strategy of a workload. Percentages are resolved to numbers of pods of the steady-state replicas.
type Rollout struct {
	// Type is RollingUpdate, Recreate, OnDelete, Paused or BlueGreen, which creates all new pods before it deletes the old ones; ""
	// for workloads without rollouts.
	Type string
	// MaxSurge is the number of pods allowed above the replicas, MaxUnavailable the number allowed below.
	MaxSurge, MaxUnavailable int
	// Parallel is set if a StatefulSet creates and deletes its pods without waiting (podManagementPolicy: Parallel).
	Parallel bool
	// Partition is the lowest ordinal that a rollout of a StatefulSet replaces.
	Partition int
}

// Paused is the type of the rollouts of a paused Deployment: none, until it is resumed (syncDeployment in
// pkg/controller/deployment/deployment_controller.go).
const Paused = "Paused"

// Waits reports whether a new template replaces no pod until somebody deletes the pods or resumes the rollout.
func (r Rollout) Waits() bool { return r.Type == "OnDelete" || r.Type == Paused }

// String is the kind and name of the workload's object.
func (w *Workload) String() string { return w.Object.String() }

// Path returns the path of a field of the pod template in the object.
func (w *Workload) Path(path ...string) []string { return slices.Concat(w.TemplatePath, path) }

// CountsRunning reports whether the members that run count, and not those that are Ready: only the leader is Ready, and the others
// still vote and keep data.
func (w *Workload) CountsRunning() bool {
	return w.Group == nil && w.LeaderOnly != "" && w.Replication.Model != Standby
}

// FixedNames reports whether a new pod has the name of the one that it replaces, and waits until that one is gone.
func (w *Workload) FixedNames() bool { return w.Kind == StatefulSet || w.Kind == Pods }

// OwnerWithoutScale returns the kind of the owner of the pods if it has no scale subresource, "" if it has one. The disruption
// controller reads the desired number of pods from there.
func (w *Workload) OwnerWithoutScale() string {
	switch {
	case w.Kind == DaemonSet || w.Kind == Job:
		return w.Kind
	case w.Kind == Pods && w.ownerHasNoScale:
		return w.owner
	}
	return ""
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
	// Storage has the storage objects of the manifests.
	Storage *storage.Storage
	// Unsupported are custom resources of unsupported kinds that may create pods: these are unknown.
	Unsupported []*manifest.Object
	// WithoutPods are custom resources of kinds that create no pods.
	WithoutPods []*manifest.Object
	// Assumed are assumptions about objects that are not in the manifests.
	Assumed []Assumption

	autoscalers map[key]*autoscaler
	classes     map[string]*schedulingv1.PriorityClass
	scaled      map[key]operator.Scaled
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
