// Package argoevents models the controller of Argo Events: the StatefulSet, Deployment and Services that it creates for an
// EventBus, an EventSource or a Sensor, and how their pods elect the active one.
//
// It follows Argo Events v1.9.11 (pkg/reconciler); e2e/control compares it with the real controller. The types omit fields
// without effect on scheduling, binding or termination of pods: images and the server binary, which the controller's
// configuration sets, environment variables other than those of leases, and mounted Secrets and ConfigMaps.
package argoevents

import (
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Group is the API group of Argo Events, APIVersion its group and version.
const (
	Group      = "argoproj.io"
	APIVersion = Group + "/v1alpha1"
)

// DefaultBus is the EventBus of event sources and sensors that do not name one.
const DefaultBus = "default"

// Dependents are the objects that the controller creates for a custom resource. At most one of StatefulSet and Deployment is
// set; an external EventBus has neither.
type Dependents struct {
	StatefulSet *appsv1.StatefulSet
	// Deployment is named without the random suffix.
	Deployment *appsv1.Deployment
	Services   []*corev1.Service
}

// Placement has the pod fields that all kinds share.
type Placement struct {
	Metadata           Metadata                      `json:"metadata"`
	ServiceAccountName string                        `json:"serviceAccountName"`
	SecurityContext    *corev1.PodSecurityContext    `json:"securityContext"`
	ImagePullSecrets   []corev1.LocalObjectReference `json:"imagePullSecrets"`
	NodeSelector       map[string]string             `json:"nodeSelector"`
	Tolerations        []corev1.Toleration           `json:"tolerations"`
	Affinity           *corev1.Affinity              `json:"affinity"`
	PriorityClassName  string                        `json:"priorityClassName"`
	Priority           *int32                        `json:"priority"`
}

// Metadata are the labels and annotations of pods or a Service.
type Metadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// Container has the container fields that all kinds share.
type Container struct {
	Resources       corev1.ResourceRequirements `json:"resources"`
	SecurityContext *corev1.SecurityContext     `json:"securityContext"`
}

// pods returns a pod template. The controller's own labels take precedence.
func (p Placement) pods(own map[string]string, containers ...corev1.Container) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: merge(p.Metadata.Labels, own), Annotations: p.Metadata.Annotations},
		Spec: corev1.PodSpec{
			ServiceAccountName: p.ServiceAccountName,
			SecurityContext:    p.SecurityContext,
			ImagePullSecrets:   p.ImagePullSecrets,
			NodeSelector:       p.NodeSelector,
			Tolerations:        p.Tolerations,
			Affinity:           p.Affinity,
			PriorityClassName:  p.PriorityClassName,
			Priority:           p.Priority,
			Containers:         containers,
		},
	}
}

// container returns a container with the given name and ports.
func (c Container) container(name string, ports ...corev1.ContainerPort) corev1.Container {
	return corev1.Container{Name: name, Resources: c.Resources, SecurityContext: c.SecurityContext, Ports: ports}
}

// merge returns the labels of both maps; those of above take precedence.
func merge(below, above map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, below)
	maps.Copy(all, above)
	return all
}

// metrics is the metrics port of every pod.
var metrics = corev1.ContainerPort{Name: "metrics", ContainerPort: 7777}

// FieldError is a field that the controller rejects. The controller then creates no objects.
type FieldError struct {
	Path []string
	// Problem is what is wrong and what is valid.
	Problem string
}

// Error is "path: problem".
func (e *FieldError) Error() string { return strings.Join(e.Path, ".") + ": " + e.Problem }

func invalid(problem string, path ...string) error { return &FieldError{Path: path, Problem: problem} }
