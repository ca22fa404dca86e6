// Package mariadb reads the MariaDB of mariadb-operator v26.6.0: a StatefulSet of one server, of a primary with replicas, or of a
// Galera cluster.
package mariadb

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const group = "k8s.mariadb.com"

// Operator is mariadb-operator.
var Operator = operator.Operator{
	Name: "MariaDB", Version: "v26.6.0", Source: "https://github.com/mariadb-operator/mariadb-operator",
	Kinds: []operator.Kind{{Group: group, Version: "v1alpha1", Kind: "MariaDB", Resource: "mariadbs", Scale: true, Expand: expand}},
}

// roles are the labels that tell the primary from the replicas (pkg/builder/labels/labels.go).
var roles = []map[string]string{{group + "/role": "primary"}, {group + "/role": "replica"}}

// MariaDB is k8s.mariadb.com/v1alpha1 MariaDB.
type MariaDB struct {
	Spec Spec `json:"spec"`
}

// Spec is the spec of a MariaDB.
type Spec struct {
	Replicas                      *int32                            `json:"replicas"`
	Replication                   *Replication                      `json:"replication"`
	Galera                        *Galera                           `json:"galera"`
	MaxScale                      *Enabled                          `json:"maxScale"`
	Metrics                       *Enabled                          `json:"metrics"`
	Storage                       Storage                           `json:"storage"`
	PodDisruptionBudget           *Budget                           `json:"podDisruptionBudget"`
	UpdateStrategy                UpdateStrategy                    `json:"updateStrategy"`
	PodMetadata                   *Metadata                         `json:"podMetadata"`
	InheritMetadata               *Metadata                         `json:"inheritMetadata"`
	Affinity                      *Affinity                         `json:"affinity"`
	NodeSelector                  map[string]string                 `json:"nodeSelector"`
	Tolerations                   []corev1.Toleration               `json:"tolerations"`
	PriorityClassName             string                            `json:"priorityClassName"`
	TopologySpreadConstraints     []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	TerminationGracePeriodSeconds *int64                            `json:"terminationGracePeriodSeconds"`
	Resources                     corev1.ResourceRequirements       `json:"resources"`
}

// Enabled is a part that can be on or off.
type Enabled struct {
	Enabled bool `json:"enabled"`
}

// Replication is the replication from a primary.
type Replication struct {
	Enabled bool `json:"enabled"`
	Primary struct {
		AutoFailover *bool `json:"autoFailover"`
	} `json:"primary"`
}

// Galera is the replication among equal servers.
type Galera struct {
	Enabled bool `json:"enabled"`
	Config  struct {
		ReuseStorageVolume bool `json:"reuseStorageVolume"`
	} `json:"config"`
}

// Storage is the volume of each server.
type Storage struct {
	Ephemeral           bool                              `json:"ephemeral"`
	Size                *resource.Quantity                `json:"size"`
	StorageClassName    string                            `json:"storageClassName"`
	VolumeClaimTemplate *corev1.PersistentVolumeClaimSpec `json:"volumeClaimTemplate"`
}

// Budget replaces the default budget.
type Budget struct {
	MinAvailable   *intstr.IntOrString `json:"minAvailable"`
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable"`
}

// UpdateStrategy is ReplicasFirstPrimaryLast by default.
type UpdateStrategy struct {
	Type          string                                   `json:"type"`
	RollingUpdate *appsv1.RollingUpdateStatefulSetStrategy `json:"rollingUpdate"`
}

// Metadata are labels and annotations.
type Metadata struct {
	Labels map[string]string `json:"labels"`
}

// Affinity is the affinity of the servers.
type Affinity struct {
	corev1.Affinity
	AntiAffinityEnabled bool `json:"antiAffinityEnabled"`
}

// expand returns the StatefulSet (pkg/builder/statefulset_builder.go), its budget and its Services.
func expand(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	m := &MariaDB{}
	if err := o.Decode(m); err != nil {
		return operator.Expansion{}, err
	}
	s := &m.Spec
	replicas := int32(1)
	if s.Replicas != nil {
		replicas = *s.Replicas
	}
	galera, replicated := s.Galera != nil && s.Galera.Enabled, s.Replication != nil && s.Replication.Enabled
	if replicas > 1 && !galera && !replicated {
		return operator.Expansion{}, o.Errorf([]string{"spec", "replicas"}, "is %d without galera or replication, which the webhook rejects", replicas)
	}
	own := map[string]string{"app.kubernetes.io/name": "mariadb", "app.kubernetes.io/instance": o.Name}
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: o.Name}, Spec: appsv1.StatefulSetSpec{
		Replicas: &replicas, ServiceName: o.Name + "-internal", PodManagementPolicy: appsv1.ParallelPodManagement,
		Selector: &metav1.LabelSelector{MatchLabels: own}, Template: s.template(o.Name, own, galera || replicated), VolumeClaimTemplates: s.claims(galera),
	}}
	switch s.UpdateStrategy.Type { // by default the operator deletes the pods one at a time, the primary last and after a switchover
	case "RollingUpdate":
		set.Spec.UpdateStrategy.RollingUpdate = s.UpdateStrategy.RollingUpdate
	case "OnDelete", "Never":
		set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	}
	w := operator.Workload{StatefulSet: set, Main: true, Replication: s.replication(galera, replicated), Roles: roles, Fields: operator.Fields{
		"spec.replicas": "spec.replicas", "spec.template.spec": "spec", "spec.template.spec.containers.0.resources": "spec.resources",
		"spec.template.spec.containers": "spec.image", "spec.volumeClaimTemplates": "spec.storage",
	}}
	e := operator.Expansion{
		Workloads: []operator.Workload{w},
		Services:  []*corev1.Service{operator.ClusterIP(o.Name, own), operator.Headless(set.Spec.ServiceName, own, true)},
		Budgets:   s.budgets(o.Name, own, galera || replicated),
	}
	if s.Metrics != nil && s.Metrics.Enabled {
		e.Workloads = append(e.Workloads, exporter(o.Name+"-metrics"))
	}
	e.Unknown = s.MaxScale != nil && s.MaxScale.Enabled // in older versions; its pods are not read
	return e, nil
}

// exporter returns the Deployment of the metrics exporter (pkg/builder/deployment_builder.go).
func exporter(name string) operator.Workload {
	one, own := int32(1), map[string]string{"app.kubernetes.io/name": "exporter", "app.kubernetes.io/instance": name}
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: own}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "exporter", ReadinessProbe: operator.HTTPProbe("/", 9104, corev1.Probe{}),
	}}}}
	return operator.Workload{
		Deployment: &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.DeploymentSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pod,
		}},
		Fields:      operator.Fields{"spec": "spec.metrics", "spec.template.spec": "spec.metrics.exporter"},
		Replication: operator.Replication{Model: "stateless", Why: "the operator runs one exporter"},
	}
}

// template returns the pod of a server (pkg/builder/pod_builder.go).
func (s *Spec) template(name string, own map[string]string, agent bool) corev1.PodTemplateSpec {
	labels := map[string]string{}
	for _, m := range []*Metadata{s.InheritMetadata, s.PodMetadata} {
		if m != nil {
			labels = operator.Labels(labels, m.Labels)
		}
	}
	timing := corev1.Probe{InitialDelaySeconds: 20, TimeoutSeconds: 5, PeriodSeconds: 10}
	ready := timing
	ready.ProbeHandler = corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"mariadb", "-e", "SELECT 1;"}}}
	if agent {
		ready = *operator.HTTPProbe("/readiness", 5566, timing)
	}
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: operator.Labels(labels, own)}, Spec: corev1.PodSpec{
		NodeSelector: s.NodeSelector, Tolerations: s.Tolerations, PriorityClassName: s.PriorityClassName, TopologySpreadConstraints: s.TopologySpreadConstraints,
		TerminationGracePeriodSeconds: s.TerminationGracePeriodSeconds,
		Containers:                    []corev1.Container{{Name: "mariadb", Resources: s.Resources, ReadinessProbe: &ready}},
	}}
	if a := s.Affinity; a != nil {
		pod.Spec.Affinity = a.DeepCopy()
		if a.AntiAffinityEnabled && a.PodAntiAffinity == nil { // SetDefaults in api/v1alpha1/base_types.go
			pod.Spec.Affinity.PodAntiAffinity = operator.RequireApart(corev1.LabelHostname, map[string]string{"app.kubernetes.io/instance": name}).PodAntiAffinity
		}
	}
	return pod
}

// claims returns the volumeClaimTemplates: one for the data, and a small one for the state of Galera.
func (s *Spec) claims(galera bool) (all []corev1.PersistentVolumeClaim) {
	if !s.Storage.Ephemeral {
		var size resource.Quantity
		if s.Storage.Size != nil {
			size = *s.Storage.Size
		}
		claim := operator.Claim("storage", size, nil)
		if s.Storage.StorageClassName != "" {
			claim.Spec.StorageClassName = &s.Storage.StorageClassName
		}
		if s.Storage.VolumeClaimTemplate != nil {
			claim.Spec = *s.Storage.VolumeClaimTemplate.DeepCopy()
		}
		all = append(all, claim)
	}
	if galera && !s.Galera.Config.ReuseStorageVolume {
		all = append(all, operator.Claim("galera", resource.MustParse("100Mi"), nil))
	}
	return all
}

func (s *Spec) replication(galera, replicated bool) operator.Replication {
	switch {
	case galera:
		return operator.Replication{Model: "quorum", Why: "the servers of Galera need a majority"}
	case replicated && (s.Replication.Primary.AutoFailover == nil || *s.Replication.Primary.AutoFailover):
		return operator.Replication{Model: "standby", Why: "one server is primary, and the operator promotes a replica"}
	case replicated:
		return operator.Replication{Model: "shards", Why: "without autoFailover, writes need the primary, which may be any of the servers"}
	}
	return operator.Replication{Model: "single", Why: "the MariaDB has one server"}
}

// budgets returns the budget: half of the servers with Galera or replication, unless the user sets another one
// (internal/controller/mariadb_controller.go).
func (s *Spec) budgets(name string, own map[string]string, replicated bool) []operator.Budget {
	half := intstr.FromString("50%")
	spec := policyv1.PodDisruptionBudgetSpec{MinAvailable: &half, Selector: &metav1.LabelSelector{MatchLabels: own}}
	if b := s.PodDisruptionBudget; b != nil {
		spec.MinAvailable, spec.MaxUnavailable = b.MinAvailable, b.MaxUnavailable
	} else if !replicated {
		return nil
	}
	return []operator.Budget{{
		PodDisruptionBudget: &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec},
		Fields:              operator.Fields{"spec": "spec.podDisruptionBudget"},
	}}
}
