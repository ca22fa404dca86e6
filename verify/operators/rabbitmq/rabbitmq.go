// Package rabbitmq reads the custom resource of the RabbitMQ Cluster Operator v2.22.3: a StatefulSet of brokers.
package rabbitmq

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

// Operator is the RabbitMQ Cluster Operator. It creates no budget.
var Operator = operator.Operator{
	Name: "RabbitMQ", Version: "v2.22.3", Source: "https://github.com/rabbitmq/cluster-operator",
	Kinds: []operator.Kind{{Group: "rabbitmq.com", Version: "v1beta1", Kind: "RabbitmqCluster", Resource: "rabbitmqclusters", Expand: expand}},
}

// noSpread is the annotation that removes the default spread over zones.
const noSpread = "rabbitmq.com/disable-default-topology-spread-constraints"

// stop is the assumed time in which a broker stops.
const stop = 30 * time.Second

// Cluster is rabbitmq.com/v1beta1 RabbitmqCluster.
type Cluster struct {
	Spec Spec `json:"spec"`
}

// Spec is the spec of a RabbitmqCluster.
type Spec struct {
	Replicas *int32 `json:"replicas"`
	Rabbitmq struct {
		AdditionalConfig string `json:"additionalConfig"`
		AdvancedConfig   string `json:"advancedConfig"`
	} `json:"rabbitmq"`
	Persistence                   Persistence                  `json:"persistence"`
	Resources                     *corev1.ResourceRequirements `json:"resources"`
	Affinity                      *corev1.Affinity             `json:"affinity"`
	Tolerations                   []corev1.Toleration          `json:"tolerations"`
	TerminationGracePeriodSeconds *int64                       `json:"terminationGracePeriodSeconds"`
	Override                      struct {
		StatefulSet *struct {
			Spec *StatefulSetOverride `json:"spec"`
		} `json:"statefulSet"`
	} `json:"override"`
}

// Persistence is the volume of each broker.
type Persistence struct {
	StorageClassName *string            `json:"storageClassName"`
	Storage          *resource.Quantity `json:"storage"`
}

// StatefulSetOverride is merged into the StatefulSet.
type StatefulSetOverride struct {
	Replicas             *int32                            `json:"replicas"`
	Selector             *metav1.LabelSelector             `json:"selector"`
	ServiceName          string                            `json:"serviceName"`
	UpdateStrategy       *appsv1.StatefulSetUpdateStrategy `json:"updateStrategy"`
	PodManagementPolicy  appsv1.PodManagementPolicyType    `json:"podManagementPolicy"`
	MinReadySeconds      int32                             `json:"minReadySeconds"`
	VolumeClaimTemplates []corev1.PersistentVolumeClaim    `json:"volumeClaimTemplates"`
	Template             *corev1.PodTemplateSpec           `json:"template"`
}

// expand returns the StatefulSet (internal/resource/statefulset.go) and its Services.
func expand(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	c := &Cluster{}
	if err := o.Decode(c); err != nil {
		return operator.Expansion{}, err
	}
	own := map[string]string{"app.kubernetes.io/name": o.Name}
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: o.Name + "-server"}}
	set.Spec = appsv1.StatefulSetSpec{
		Replicas: c.Spec.Replicas, ServiceName: o.Name + "-nodes", Selector: &metav1.LabelSelector{MatchLabels: own},
		PodManagementPolicy: appsv1.ParallelPodManagement, Template: c.template(o, own), VolumeClaimTemplates: c.Spec.Persistence.claims(),
	}
	fields := operator.Fields{
		"spec": "spec.override.statefulSet.spec", "spec.replicas": "spec.replicas", "spec.volumeClaimTemplates": "spec.persistence",
		"spec.template.spec.affinity": "spec.affinity", "spec.template.spec.tolerations": "spec.tolerations", "spec.template.spec.containers.0.resources": "spec.resources",
	}
	if s := c.Spec.Override.StatefulSet; s != nil && s.Spec != nil {
		if err := s.Spec.apply(set, fields); err != nil {
			return operator.Expansion{}, o.Errorf([]string{"spec", "override", "statefulSet", "spec", "template", "spec"}, "cannot be merged: %w", err)
		}
	}
	// Without a replication, it follows from the type of the queues in the configuration.
	replication := operator.Replication{}
	switch n := set.Spec.Replicas; {
	case n == nil || *n == 1:
		replication = operator.Replication{Model: "single", Why: "the RabbitmqCluster has one broker"}
	case *n < 0:
		return operator.Expansion{}, o.Errorf([]string{"spec", "replicas"}, "is %d, which the API server rejects", *n)
	default:
		name, err := classicQueue(o, all)
		if err != nil {
			return operator.Expansion{}, err
		}
		if name != "" {
			replication = operator.Replication{Model: "shards", Why: name + ": a classic queue is on one broker"}
		}
	}
	e := operator.Expansion{
		Workloads: []operator.Workload{{
			StatefulSet: set, Main: true, Fields: fields, Replication: replication,
			Software: software, Config: []string{c.Spec.Rabbitmq.AdditionalConfig, c.Spec.Rabbitmq.AdvancedConfig},
		}},
		Services: []*corev1.Service{operator.ClusterIP(o.Name, own), operator.Headless(set.Spec.ServiceName, own, true)},
	}
	// The default grace period of a week is the limit of the preStop hook, which ends as soon as no queue needs the broker.
	if grace := set.Spec.Template.Spec.TerminationGracePeriodSeconds; grace != nil && time.Duration(*grace)*time.Second > stop {
		e.Workloads[0].Stop = stop
		e.Assumed = []operator.Assumption{{
			Text: fmt.Sprintf("a broker stops once every quorum queue has a majority without it, at the latest after its grace period (%s): assumed to take %s. Drains and rollouts wait as long", time.Duration(*grace)*time.Second, stop),
			Path: []string{"spec", "terminationGracePeriodSeconds"},
		}}
	}
	return e, nil
}

// software is the image of RabbitMQ, whatever a user calls it.
const software = "rabbitmq"

// classicQueue returns a Queue or Vhost of a cluster that makes a queue classic, "" if there is none. The operator of topologies
// declares a queue with the type in its spec, and without one the default type of the vhost counts (GenerateQueueSettings in
// internal/queue_settings.go of rabbitmq/messaging-topology-operator).
func classicQueue(o *manifest.Object, all operator.Objects) (string, error) {
	for _, kind := range []string{"Queue", "Vhost"} {
		for _, object := range all.Of("rabbitmq.com", kind, o.Namespace) {
			q := Queue{}
			if err := object.Decode(&q); err != nil {
				return "", err
			}
			if ref := q.Spec.Cluster; ref.Name == o.Name && (ref.Namespace == "" || ref.Namespace == o.Namespace) && (q.Spec.Type == "classic" || q.Spec.DefaultQueueType == "classic") {
				return object.String(), nil
			}
		}
	}
	return "", nil
}

// Queue is rabbitmq.com/v1beta1 Queue, or Vhost.
type Queue struct {
	Spec struct {
		Type             string `json:"type"`
		DefaultQueueType string `json:"defaultQueueType"`
		Cluster          struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"rabbitmqClusterReference"`
	} `json:"spec"`
}

// template returns the pod of a broker. Its preStop hook waits until a quorum is left without it, for up to the grace period.
func (c *Cluster) template(o *manifest.Object, own map[string]string) corev1.PodTemplateSpec {
	grace := int64(604800) // api/v1beta1/rabbitmqcluster_types.go
	if c.Spec.TerminationGracePeriodSeconds != nil {
		grace = *c.Spec.TerminationGracePeriodSeconds
	}
	container := corev1.Container{
		Name: "rabbitmq", ReadinessProbe: operator.TCPProbe(5672, corev1.Probe{InitialDelaySeconds: 10, TimeoutSeconds: 5, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3}),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("2Gi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("2Gi")},
		},
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/bash", "-c", fmt.Sprintf("rabbitmq-upgrade await_online_quorum_plus_one -t %d", grace)}}}},
	}
	if c.Spec.Resources != nil {
		container.Resources = *c.Spec.Resources
	}
	pod := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: operator.Labels(own, map[string]string{"app.kubernetes.io/component": "rabbitmq", "app.kubernetes.io/part-of": "rabbitmq"})},
		Spec:       corev1.PodSpec{Affinity: c.Spec.Affinity, Tolerations: c.Spec.Tolerations, TerminationGracePeriodSeconds: &grace, Containers: []corev1.Container{container}},
	}
	if o.Annotations[noSpread] != "true" {
		pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{MatchLabels: own}}}
	}
	return pod
}

// claims returns the volumeClaimTemplates: 10Gi by default, and none for 0.
func (p *Persistence) claims() []corev1.PersistentVolumeClaim {
	size := resource.MustParse("10Gi")
	if p.Storage != nil {
		size = *p.Storage
	}
	if size.IsZero() {
		return nil
	}
	return []corev1.PersistentVolumeClaim{operator.Claim("persistence", size, p.StorageClassName)}
}

// apply merges the override into the StatefulSet (applyStsOverride).
func (s *StatefulSetOverride) apply(set *appsv1.StatefulSet, fields operator.Fields) error {
	const at = "spec.override.statefulSet.spec."
	if s.Selector != nil {
		set.Spec.Selector = s.Selector
	}
	if s.ServiceName != "" {
		set.Spec.ServiceName = s.ServiceName
	}
	if s.Replicas != nil {
		set.Spec.Replicas, fields["spec.replicas"] = s.Replicas, at+"replicas"
	}
	if s.UpdateStrategy != nil {
		set.Spec.UpdateStrategy = *s.UpdateStrategy
	}
	if s.PodManagementPolicy != "" {
		set.Spec.PodManagementPolicy = s.PodManagementPolicy
	}
	set.Spec.MinReadySeconds = s.MinReadySeconds
	if len(s.VolumeClaimTemplates) > 0 && len(set.Spec.VolumeClaimTemplates) > 0 {
		set.Spec.VolumeClaimTemplates, fields["spec.volumeClaimTemplates"] = s.VolumeClaimTemplates, at+"volumeClaimTemplates"
	}
	if s.Template == nil {
		return nil
	}
	set.Spec.Template.Labels = operator.Labels(set.Spec.Template.Labels, s.Template.Labels)
	set.Spec.Template.Annotations = operator.Labels(set.Spec.Template.Annotations, s.Template.Annotations)
	merged, err := operator.Merge(&set.Spec.Template.Spec, &s.Template.Spec)
	if err != nil {
		return err
	}
	if s.Template.Spec.Affinity != nil {
		delete(fields, "spec.template.spec.affinity")
	}
	set.Spec.Template.Spec = merged
	return nil
}
