// Package knative reads the Services of Knative Serving v1.23: each revision is a Deployment. A rollout creates the Deployment of the
// next revision, and deletes the pods of the old one once the new pods are Ready.
package knative

import (
	"cmp"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const (
	group         = "serving.knative.dev"
	revisionLabel = group + "/revision"
)

// Operator is Knative Serving.
var Operator = operator.Operator{
	Name: "Knative", Version: "v1.23.0", Source: "https://github.com/knative/serving",
	Kinds: []operator.Kind{{Group: group, Version: "v1", Kind: "Service", Resource: "services", Expand: expand}},
}

// Service is serving.knative.dev/v1 Service.
type Service struct {
	Spec struct {
		Template struct {
			metav1.ObjectMeta `json:"metadata"`
			Spec              RevisionSpec `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// RevisionSpec is the spec of a revision.
type RevisionSpec struct {
	corev1.PodSpec
	TimeoutSeconds *int64 `json:"timeoutSeconds"`
}

// expand returns the Deployment of a revision (pkg/reconciler/revision/resources/deploy.go).
func expand(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	s := &Service{}
	if err := o.Decode(s); err != nil {
		return operator.Expansion{}, err
	}
	least, err := minScale(o, s.Spec.Template.Annotations)
	if err != nil {
		return operator.Expansion{}, err
	}
	e := operator.Expansion{}
	pods := max(least, 1)
	if least == 0 {
		e.Assumed = append(e.Assumed, operator.Assumption{Text: "without requests it has no pod (min-scale: 0): assumed to have one", Path: []string{"spec", "template", "metadata", "annotations"}})
	}
	if pod := s.Spec.Template.Spec; pod.Affinity != nil || len(pod.TopologySpreadConstraints) > 0 || len(pod.Tolerations) > 0 || len(pod.NodeSelector) > 0 {
		e.Assumed = append(e.Assumed, operator.Assumption{Text: "the feature flags of Knative for the placement of pods (ConfigMap config-features) are assumed to be enabled: they are not by default", Path: []string{"spec", "template", "spec"}})
	}
	revision := cmp.Or(s.Spec.Template.Name, o.Name+"-00001")
	own := map[string]string{revisionLabel: revision}
	labels := operator.Labels(s.Spec.Template.Labels, operator.Labels(own, map[string]string{group + "/service": o.Name, group + "/configuration": o.Name}))
	if labels["app"] == "" {
		labels["app"] = revision
	}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: revision + "-deployment"},
		Spec: appsv1.DeploymentSpec{Replicas: &pods, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: s.Spec.Template.Annotations}, Spec: s.Spec.Template.Spec.pod(own),
		}},
	}
	e.Workloads = []operator.Workload{{
		Deployment: d, Main: true, ReplicaSets: &operator.ReplicaSets{HashLabel: revisionLabel, BlueGreen: true},
		Fields:      operator.Fields{"spec.template": "spec.template", "spec.replicas": "spec.template.metadata.annotations"},
		Replication: operator.Replication{Model: "stateless", Why: "each pod of a revision serves requests"},
	}}
	return e, nil
}

// minScale returns the least number of pods, 0 by default (pkg/apis/autoscaling/register.go).
func minScale(o *manifest.Object, annotations map[string]string) (int32, error) {
	for _, key := range []string{"autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/minScale"} {
		text, ok := annotations[key]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return 0, o.Errorf([]string{"spec", "template", "metadata", "annotations", key}, "is %q, which the webhook rejects: want a number of pods", text)
		}
		return int32(n), nil
	}
	return 0, nil
}

// pod returns the pod of a revision. The container queue-proxy forwards requests, and probes the user's container itself.
func (s *RevisionSpec) pod(own map[string]string) corev1.PodSpec {
	pod := *s.PodSpec.DeepCopy()
	grace := int64(300) // revision-timeout-seconds in config-defaults
	if s.TimeoutSeconds != nil {
		grace = *s.TimeoutSeconds
	}
	pod.TerminationGracePeriodSeconds = &grace
	timing := corev1.Probe{PeriodSeconds: 10}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		c.Name = cmp.Or(c.Name, fmt.Sprintf("user-container-%d", i))
		if p := c.ReadinessProbe; p != nil && p.Exec == nil {
			timing, c.ReadinessProbe = *p.DeepCopy(), nil
		}
	}
	timing.ProbeHandler = corev1.ProbeHandler{}
	pod.Containers = append(pod.Containers, corev1.Container{
		Name: "queue-proxy", ReadinessProbe: operator.HTTPProbe("/", 8012, timing),
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("25m")}},
	})
	if pod.Affinity == nil {
		pod.Affinity = operator.PreferApart(corev1.LabelHostname, own)
	}
	return pod
}
