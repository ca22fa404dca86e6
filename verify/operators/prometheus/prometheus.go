// Package prometheus reads the custom resources of the Prometheus operator v0.93.0. Each becomes a StatefulSet, a Prometheus one per
// shard. The operator adds neither affinity nor budgets.
package prometheus

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const group = "monitoring.coreos.com"

// Operator is the Prometheus operator. The scale subresource of a Prometheus and an agent has the number of shards.
var Operator = operator.Operator{
	Name: "Prometheus", Version: "v0.93.0", Source: "https://github.com/prometheus-operator/prometheus-operator",
	Kinds: []operator.Kind{
		{Group: group, Version: "v1", Kind: "Prometheus", Resource: "prometheuses", Expand: expandPrometheus},
		{Group: group, Version: "v1alpha1", Kind: "PrometheusAgent", Resource: "prometheusagents", Expand: expandAgent},
		{Group: group, Version: "v1", Kind: "Alertmanager", Resource: "alertmanagers", Expand: expandAlertmanager},
		{Group: group, Version: "v1", Kind: "ThanosRuler", Resource: "thanosrulers", Scale: true, Expand: expandThanosRuler},
	},
}

// Resource is any of the custom resources.
type Resource struct {
	Spec Spec `json:"spec"`
}

// Spec has the fields that the custom resources share, and those of a Prometheus and an agent.
type Spec struct {
	PodMetadata                   *Metadata                         `json:"podMetadata"`
	Replicas                      *int32                            `json:"replicas"`
	Storage                       *Storage                          `json:"storage"`
	NodeSelector                  map[string]string                 `json:"nodeSelector"`
	SchedulerName                 string                            `json:"schedulerName"`
	Resources                     corev1.ResourceRequirements       `json:"resources"`
	Affinity                      *corev1.Affinity                  `json:"affinity"`
	Tolerations                   []corev1.Toleration               `json:"tolerations"`
	TopologySpreadConstraints     []Spread                          `json:"topologySpreadConstraints"`
	PriorityClassName             string                            `json:"priorityClassName"`
	MinReadySeconds               *int32                            `json:"minReadySeconds"`
	TerminationGracePeriodSeconds *int64                            `json:"terminationGracePeriodSeconds"`
	HostNetwork                   bool                              `json:"hostNetwork"`
	Containers                    []corev1.Container                `json:"containers"`
	Volumes                       []corev1.Volume                   `json:"volumes"`
	ServiceName                   *string                           `json:"serviceName"`
	PodManagementPolicy           *appsv1.PodManagementPolicyType   `json:"podManagementPolicy"`
	UpdateStrategy                *appsv1.StatefulSetUpdateStrategy `json:"updateStrategy"`

	Shards *int32 `json:"shards"`
	Mode   string `json:"mode"`
}

// Metadata are labels and annotations of pods.
type Metadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// Spread is a topology spread constraint, whose selector the operator completes on request.
type Spread struct {
	corev1.TopologySpreadConstraint
	AdditionalLabelSelectors *string `json:"additionalLabelSelectors"`
}

// Storage is the volume of each pod: an emptyDir by default.
type Storage struct {
	EmptyDir            *corev1.EmptyDirVolumeSource  `json:"emptyDir"`
	Ephemeral           *corev1.EphemeralVolumeSource `json:"ephemeral"`
	VolumeClaimTemplate struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec corev1.PersistentVolumeClaimSpec `json:"spec"`
	} `json:"volumeClaimTemplate"`
}

// labels by which the operator selects the pods of a custom resource (makeSelectorLabels).
func labels(application, name string, more map[string]string) map[string]string {
	return operator.Labels(more, map[string]string{"app.kubernetes.io/name": application, "app.kubernetes.io/managed-by": "prometheus-operator", "app.kubernetes.io/instance": name})
}

func decode(o *manifest.Object) (*Spec, error) {
	r := &Resource{}
	if err := o.Decode(r); err != nil {
		return nil, err
	}
	return &r.Spec, nil
}

// expandPrometheus returns a StatefulSet per shard (pkg/prometheus/server/statefulset.go). All shards are needed, as each has a part
// of the targets. The replicas of a shard are copies.
func expandPrometheus(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	s, err := decode(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	return s.shards(o, "prometheus", "prometheus-", labels("prometheus", o.Name, map[string]string{"operator.prometheus.io/name": o.Name, "prometheus": o.Name}), "prometheus-operated")
}

// expandAgent returns the StatefulSets, or the DaemonSet, of an agent (pkg/prometheus/agent).
func expandAgent(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	s, err := decode(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	own := labels("prometheus-agent", o.Name, map[string]string{"operator.prometheus.io/name": o.Name})
	if s.Mode != "DaemonSet" {
		return s.shards(o, "prometheus", "prom-agent-", own, "prometheus-agent-operated")
	}
	set, fields, err := s.statefulSet(o, "prom-agent-"+o.Name, own, container{name: "prometheus", port: 9090, grace: 600, startup: 60})
	if err != nil {
		return operator.Expansion{}, err
	}
	daemon := &appsv1.DaemonSet{ObjectMeta: set.ObjectMeta, Spec: appsv1.DaemonSetSpec{Selector: set.Spec.Selector, Template: set.Spec.Template, MinReadySeconds: set.Spec.MinReadySeconds}}
	return operator.Expansion{Workloads: []operator.Workload{{DaemonSet: daemon, Main: true, Fields: fields}}}, nil
}

// expandAlertmanager returns the StatefulSet of an Alertmanager (pkg/alertmanager/statefulset.go).
func expandAlertmanager(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	s, err := decode(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	if s.Resources.Requests == nil {
		s.Resources.Requests = corev1.ResourceList{}
	}
	if _, ok := s.Resources.Requests[corev1.ResourceMemory]; !ok {
		s.Resources.Requests[corev1.ResourceMemory] = resource.MustParse("200Mi")
	}
	return s.single(o, "alertmanager-"+o.Name, labels("alertmanager", o.Name, map[string]string{"alertmanager": o.Name}), "alertmanager-operated",
		container{name: "alertmanager", port: 9093, grace: 120, ready: corev1.Probe{InitialDelaySeconds: 3, PeriodSeconds: 5, TimeoutSeconds: 3, FailureThreshold: 10}}, "each pod accepts alerts, and they exchange notifications")
}

// expandThanosRuler returns the StatefulSet of a ThanosRuler, which has no readiness probe (pkg/thanos/statefulset.go).
func expandThanosRuler(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	s, err := decode(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	own := labels("thanos-ruler", o.Name, map[string]string{"thanos-ruler": o.Name})
	if s.PodMetadata != nil {
		own = operator.Labels(s.PodMetadata.Labels, own)
	}
	return s.single(o, "thanos-ruler-"+o.Name, own, "thanos-ruler-operated", container{name: "thanos-ruler", grace: 120}, "each pod evaluates all rules")
}

// shards returns the StatefulSet of each shard.
func (s *Spec) shards(o *manifest.Object, main, prefix string, own map[string]string, service string) (operator.Expansion, error) {
	e := operator.Expansion{Services: []*corev1.Service{operator.Headless(service, map[string]string{"app.kubernetes.io/name": own["app.kubernetes.io/name"]}, false)}}
	count := int32(1)
	if s.Shards != nil {
		count = max(1, *s.Shards)
	}
	if count > 1000 {
		return e, o.Errorf([]string{"spec", "shards"}, "is %d: want at most 1000", count)
	}
	for shard := range count {
		name := prefix + o.Name
		if shard > 0 {
			name += fmt.Sprintf("-shard-%d", shard)
		}
		labelled := operator.Labels(own, map[string]string{"operator.prometheus.io/shard": fmt.Sprint(shard)})
		set, fields, err := s.statefulSet(o, name, labelled, container{name: main, port: 9090, grace: 600, startup: 60, ready: corev1.Probe{PeriodSeconds: 5, TimeoutSeconds: 3, FailureThreshold: 3}})
		if err != nil {
			return e, err
		}
		w := operator.Workload{StatefulSet: set, Main: count == 1, Fields: fields, Replication: s.replication("each replica of a shard scrapes all of its targets")}
		e.Workloads = append(e.Workloads, w)
	}
	return e, nil
}

// single returns a custom resource with one StatefulSet.
func (s *Spec) single(o *manifest.Object, name string, own map[string]string, service string, c container, why string) (operator.Expansion, error) {
	set, fields, err := s.statefulSet(o, name, own, c)
	if err != nil {
		return operator.Expansion{}, err
	}
	return operator.Expansion{
		Workloads: []operator.Workload{{StatefulSet: set, Main: true, Fields: fields, Replication: s.replication(why)}},
		Services:  []*corev1.Service{operator.Headless(service, map[string]string{"app.kubernetes.io/name": own["app.kubernetes.io/name"]}, true)},
	}, nil
}

// replication returns the model of pods that are copies.
func (s *Spec) replication(why string) operator.Replication {
	if s.Replicas == nil || *s.Replicas == 1 {
		return operator.Replication{Model: "single", Why: "it has one replica"}
	}
	return operator.Replication{Model: "stateless", Why: why}
}

// container has the properties of the main container: no probes without a port. startup is the period of the startup probe.
type container struct {
	name          string
	port, startup int32
	ready         corev1.Probe
	grace         int64
}

// statefulSet returns a StatefulSet with the pods' own fields, and the paths of these in the custom resource.
func (s *Spec) statefulSet(o *manifest.Object, name string, own map[string]string, c container) (*appsv1.StatefulSet, operator.Fields, error) {
	main := corev1.Container{Name: c.name, Resources: s.Resources}
	if c.port > 0 {
		main.ReadinessProbe = operator.HTTPProbe("/-/ready", c.port, c.ready)
	}
	if c.startup > 0 {
		main.StartupProbe = operator.HTTPProbe("/-/ready", c.port, corev1.Probe{PeriodSeconds: 15, TimeoutSeconds: 3, FailureThreshold: c.startup})
	}
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: own}}
	if s.PodMetadata != nil {
		pod.Labels, pod.Annotations = operator.Labels(s.PodMetadata.Labels, own), s.PodMetadata.Annotations
	}
	grace := c.grace
	if s.TerminationGracePeriodSeconds != nil {
		grace = *s.TerminationGracePeriodSeconds
	}
	pod.Spec = corev1.PodSpec{
		Containers: []corev1.Container{main, {Name: "config-reloader"}}, NodeSelector: s.NodeSelector, SchedulerName: s.SchedulerName, PriorityClassName: s.PriorityClassName,
		TerminationGracePeriodSeconds: &grace, Volumes: s.Volumes, Tolerations: s.Tolerations, Affinity: s.Affinity, HostNetwork: s.HostNetwork,
	}
	for _, t := range s.TopologySpreadConstraints {
		pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, t.complete(own))
	}
	if len(s.Containers) > 0 {
		merged, err := operator.Merge(&pod.Spec, &corev1.PodSpec{Containers: s.Containers})
		if err != nil {
			return nil, nil, o.Errorf([]string{"spec", "containers"}, "cannot be merged: %w", err)
		}
		pod.Spec = merged
	}
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	one := int32(1)
	set.Spec = appsv1.StatefulSetSpec{Replicas: &one, PodManagementPolicy: appsv1.ParallelPodManagement, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pod}
	if s.Replicas != nil {
		one = max(0, *s.Replicas)
	}
	if s.MinReadySeconds != nil {
		set.Spec.MinReadySeconds = *s.MinReadySeconds
	}
	if s.PodManagementPolicy != nil {
		set.Spec.PodManagementPolicy = *s.PodManagementPolicy
	}
	if s.UpdateStrategy != nil {
		set.Spec.UpdateStrategy = *s.UpdateStrategy
	}
	if s.ServiceName != nil {
		set.Spec.ServiceName = *s.ServiceName
	}
	s.Storage.apply(set)
	fields := operator.Fields{"spec": "spec", "spec.template": "spec", "spec.template.spec": "spec", "spec.template.metadata": "spec.podMetadata", "spec.volumeClaimTemplates": "spec.storage.volumeClaimTemplate"}
	return set, fields, nil
}

// complete adds the operator's labels to the selector if the constraint requests them (MakeK8sTopologySpreadConstraint in
// pkg/prometheus/common.go): those of the shard too, unless it requests those of the resource.
func (t *Spread) complete(own map[string]string) corev1.TopologySpreadConstraint {
	c := *t.TopologySpreadConstraint.DeepCopy()
	if t.AdditionalLabelSelectors == nil {
		return c
	}
	if c.LabelSelector == nil {
		c.LabelSelector = &metav1.LabelSelector{}
	}
	added := operator.Labels(nil, own)
	if *t.AdditionalLabelSelectors == "OnResource" {
		delete(added, "operator.prometheus.io/shard")
	}
	c.LabelSelector.MatchLabels = operator.Labels(c.LabelSelector.MatchLabels, added)
	return c
}

// apply adds the volume of the pods.
func (s *Storage) apply(set *appsv1.StatefulSet) {
	volume := corev1.Volume{Name: set.Name + "-db"}
	switch {
	case s == nil || s.EmptyDir != nil:
		volume.EmptyDir = &corev1.EmptyDirVolumeSource{}
	case s.Ephemeral != nil:
		volume.Ephemeral = s.Ephemeral
	default:
		claim := operator.Claim(volume.Name, resource.Quantity{}, nil)
		if name := s.VolumeClaimTemplate.Metadata.Name; name != "" {
			claim.Name = name
		}
		modes := claim.Spec.AccessModes
		claim.Spec = *s.VolumeClaimTemplate.Spec.DeepCopy()
		if claim.Spec.AccessModes == nil {
			claim.Spec.AccessModes = modes
		}
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{claim}
		return
	}
	set.Spec.Template.Spec.Volumes = append(set.Spec.Template.Spec.Volumes, volume)
}
