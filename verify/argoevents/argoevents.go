// Package argoevents says what the controller of Argo Events makes of an EventBus, an EventSource or a Sensor: the
// StatefulSet, Deployment and Service, and how the pods share the work.
//
// It was read from Argo Events v1.9.11 (pkg/reconciler), and is held against the real controller by e2e/control. Left out is
// what neither places nor binds nor stops a pod: images and what the server is called in them, which are the controller's
// configuration, environment but that for leases, mounted Secrets and ConfigMaps. The types here have the fields that matter,
// and no others.
package argoevents

import (
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Group is the API group of all of it, APIVersion with the version.
const (
	Group      = "argoproj.io"
	APIVersion = Group + "/v1alpha1"
)

// DefaultBus is the EventBus of sources and sensors that name none.
const DefaultBus = "default"

// Dependents is what the controller makes of one object: one of StatefulSet and Deployment, or neither where others run the bus.
type Dependents struct {
	StatefulSet *appsv1.StatefulSet
	// Deployment has its name without the five random characters at its end.
	Deployment *appsv1.Deployment
	Services   []*corev1.Service
}

// Placement is what all kinds say of their pods, in the words of a pod.
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

// Container is what may be said of a container.
type Container struct {
	Resources       corev1.ResourceRequirements `json:"resources"`
	SecurityContext *corev1.SecurityContext     `json:"securityContext"`
}

// pods are the template of pods that are placed so. The controller's own labels win.
func (p Placement) pods(own map[string]string, containers ...corev1.Container) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: over(p.Metadata.Labels, own), Annotations: p.Metadata.Annotations},
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

// container is a container of that name with what is said of it.
func (c Container) container(name string, ports ...corev1.ContainerPort) corev1.Container {
	return corev1.Container{Name: name, Resources: c.Resources, SecurityContext: c.SecurityContext, Ports: ports}
}

// over lays labels over others.
func over(below, above map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, below)
	maps.Copy(all, above)
	return all
}

// metrics is the port of what every pod says of itself.
var metrics = corev1.ContainerPort{Name: "metrics", ContainerPort: 7777}

// FieldError is a field that the controller refuses: it makes nothing then.
type FieldError struct {
	Path []string
	// Is says what is wrong, and what would be right.
	Problem string
}

// Error is "path: what is wrong".
func (e *FieldError) Error() string { return strings.Join(e.Path, ".") + ": " + e.Problem }

func refuse(problem string, path ...string) error { return &FieldError{Path: path, Problem: problem} }
