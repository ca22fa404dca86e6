// Package cloudnativepg reads the custom resources of CloudNativePG v1.30.0. The operator creates the pods of a Cluster itself, with
// fixed names.
package cloudnativepg

import (
	"cmp"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const group = "postgresql.cnpg.io"

// Operator is CloudNativePG.
var Operator = operator.Operator{
	Name: "CloudNativePG", Version: "v1.30.0", Source: "https://github.com/cloudnative-pg/cloudnative-pg",
	Kinds: []operator.Kind{
		{Group: group, Version: "v1", Kind: "Cluster", Resource: "clusters", Scale: true, Expand: expandCluster},
		{Group: group, Version: "v1", Kind: "Pooler", Resource: "poolers", Scale: true, Expand: expandPooler},
	},
}

// failover is the time from the failure of the primary's node until another instance is primary: the control plane marks the pod
// as not Ready after 50 s, then the primary's Lease of 15 s expires (internal/controller/replicas.go, docs/src/failover.md).
var failover = operator.Lease{Duration: 65 * time.Second, RetryPeriod: time.Second}

// fencing is the annotation with the instances on which PostgreSQL is shut down (docs/src/fencing.md).
const fencing = "cnpg.io/fencedInstances"

// roleLabel is the label by which the operator tells the primary from the replicas, role the one of older versions
// (pkg/reconciler/instance/metadata.go).
const roleLabel = "cnpg.io/instanceRole"

var roles = []map[string]string{{roleLabel: "primary", "role": "primary"}, {roleLabel: "replica", "role": "replica"}}

// Cluster is postgresql.cnpg.io/v1 Cluster.
type Cluster struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              ClusterSpec `json:"spec"`
}

// ClusterSpec is the spec of a Cluster.
type ClusterSpec struct {
	Instances                 *int32                            `json:"instances"`
	Affinity                  Affinity                          `json:"affinity"`
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	Resources                 corev1.ResourceRequirements       `json:"resources"`
	SchedulerName             string                            `json:"schedulerName"`
	PriorityClassName         string                            `json:"priorityClassName"`
	EnablePDB                 *bool                             `json:"enablePDB"`
	FailoverDelay             int32                             `json:"failoverDelay"`
	MaxStopDelay              int64                             `json:"stopDelay"`
	PrimaryUpdateMethod       string                            `json:"primaryUpdateMethod"`
	PrimaryUpdateStrategy     string                            `json:"primaryUpdateStrategy"`
	NodeMaintenanceWindow     *NodeMaintenanceWindow            `json:"nodeMaintenanceWindow"`
	StorageConfiguration      Storage                           `json:"storage"`
	WalStorage                *Storage                          `json:"walStorage"`
	Tablespaces               []Tablespace                      `json:"tablespaces"`
	PostgresConfiguration     Postgres                          `json:"postgresql"`
	InheritedMetadata         *Metadata                         `json:"inheritedMetadata"`
}

// Affinity has the placement of the instances.
type Affinity struct {
	EnablePodAntiAffinity     *bool                   `json:"enablePodAntiAffinity"`
	TopologyKey               string                  `json:"topologyKey"`
	NodeSelector              map[string]string       `json:"nodeSelector"`
	NodeAffinity              *corev1.NodeAffinity    `json:"nodeAffinity"`
	Tolerations               []corev1.Toleration     `json:"tolerations"`
	PodAntiAffinityType       string                  `json:"podAntiAffinityType"`
	AdditionalPodAntiAffinity *corev1.PodAntiAffinity `json:"additionalPodAntiAffinity"`
	AdditionalPodAffinity     *corev1.PodAffinity     `json:"additionalPodAffinity"`
}

// NodeMaintenanceWindow relaxes the budgets.
type NodeMaintenanceWindow struct {
	ReusePVC   *bool `json:"reusePVC"`
	InProgress bool  `json:"inProgress"`
}

// Storage is a volume of each instance.
type Storage struct {
	StorageClass                  *string                           `json:"storageClass"`
	Size                          string                            `json:"size"`
	PersistentVolumeClaimTemplate *corev1.PersistentVolumeClaimSpec `json:"pvcTemplate"`
}

// Tablespace is a further volume.
type Tablespace struct {
	Name    string  `json:"name"`
	Storage Storage `json:"storage"`
}

// Postgres has the configuration of synchronous replication.
type Postgres struct {
	Synchronous *Synchronous `json:"synchronous"`
}

// Synchronous makes a commit wait for other instances.
type Synchronous struct {
	Number           int      `json:"number"`
	StandbyNamesPre  []string `json:"standbyNamesPre"`
	StandbyNamesPost []string `json:"standbyNamesPost"`
	DataDurability   string   `json:"dataDurability"`
}

// Metadata are labels and annotations of all objects.
type Metadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func expandCluster(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	c := &Cluster{}
	if err := o.Decode(c); err != nil {
		return operator.Expansion{}, err
	}
	instances := int32(1)
	if c.Spec.Instances != nil {
		instances = *c.Spec.Instances
	}
	if o.Annotations["cnpg.io/hibernation"] == "on" {
		instances = 0
	}
	if err := c.validate(o); err != nil {
		return operator.Expansion{}, err
	}
	claims, names, err := c.claims(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	if fenced := o.Annotations[fencing]; fenced != "" && fenced != "[]" {
		text := "PostgreSQL is shut down on " + fenced + ", without a failover, until the annotation is removed: not judged before"
		return operator.Expansion{Unknown: true, Assumed: []operator.Assumption{{Text: text, Path: []string{"metadata", "annotations", fencing}}}}, nil
	}
	// The operator promotes no other instance before failoverDelay has passed (evaluateFailoverDelay in internal/controller/replicas.go).
	lease := failover
	lease.Duration += time.Duration(max(0, c.Spec.FailoverDelay)) * time.Second
	own := map[string]string{"cnpg.io/cluster": o.Name, "cnpg.io/podRole": "instance"}
	pods := &operator.Pods{
		ObjectMeta: metav1.ObjectMeta{Name: o.Name}, Owner: "Cluster", Scale: true,
		Replicas: instances, First: 1,
		Selector: &metav1.LabelSelector{MatchLabels: own}, Template: c.template(o.Name, own),
		VolumeClaimTemplates: claims, ClaimName: func(template, pod string) string { return pod + names[template] },
	}
	if a := c.Spec.Affinity; (a.EnablePodAntiAffinity == nil || *a.EnablePodAntiAffinity) && a.PodAntiAffinityType != "required" && cmp.Or(a.TopologyKey, corev1.LabelHostname) == corev1.LabelHostname {
		pods.RequiresApart = "spec.affinity.podAntiAffinityType: required"
	}
	e := operator.Expansion{
		Workloads: []operator.Workload{{Pods: pods, Main: true, Replication: c.replication(instances), Lease: lease, Roles: roles, Fields: operator.Fields{
			"spec.replicas": "spec.instances", "spec.template.spec.topologySpreadConstraints": "spec.topologySpreadConstraints",
			"spec.template.spec.affinity": "spec.affinity", "spec.template.spec.tolerations": "spec.affinity.tolerations", "spec.template.spec.nodeSelector": "spec.affinity.nodeSelector",
			"spec.template.spec.containers.0.resources": "spec.resources", "spec.template.spec.priorityClassName": "spec.priorityClassName", "spec.volumeClaimTemplates": "spec.storage",
		}}},
		Services: []*corev1.Service{operator.ClusterIP(o.Name+"-r", own)},
	}
	if e.Budgets, err = c.budgets(o, all, int(instances), own); err != nil {
		return e, err
	}
	switch { // updatePrimaryPod in internal/controller/cluster_upgrade.go
	case instances > 1 && c.Spec.PrimaryUpdateStrategy == "supervised":
		e.Assumed = append(e.Assumed, operator.Assumption{Text: "a rollout waits until a person orders a switchover (kubectl cnpg promote): assumed to happen at once", Path: []string{"spec", "primaryUpdateStrategy"}})
	case instances > 1 && c.Spec.PrimaryUpdateMethod != "switchover":
		// There is no failover before all instances are ready again (PhaseInplaceDeletePrimaryRestart in cluster_controller.go).
		pods.RestartsActive = "primaryUpdateMethod: switchover"
	}
	return e, nil
}

// validate returns an error for what the API server or the webhook rejects (internal/webhook/v1/cluster_webhook.go).
func (c *Cluster) validate(o *manifest.Object) error {
	s := c.Spec
	switch t := s.Affinity.PodAntiAffinityType; {
	case s.Instances != nil && *s.Instances < 1:
		return o.Errorf([]string{"spec", "instances"}, "is %d, which the API server rejects: want at least 1", *s.Instances)
	case t != "" && t != "preferred" && t != "required":
		return o.Errorf([]string{"spec", "affinity", "podAntiAffinityType"}, "is %q, which the operator rejects: want preferred or required", t)
	}
	instances := 1
	if s.Instances != nil {
		instances = int(*s.Instances)
	}
	if sync := s.PostgresConfiguration.Synchronous; sync != nil && sync.Number >= instances+len(sync.StandbyNamesPre)+len(sync.StandbyNamesPost) {
		return o.Errorf([]string{"spec", "postgresql", "synchronous", "number"}, "is %d of %d instances, which the operator rejects: want fewer", sync.Number, instances)
	}
	return nil
}

// template returns the pod of an instance (createClusterPodSpec in pkg/specs/pods.go). Its role as primary or replica is a label
// that is set later.
func (c *Cluster) template(name string, own map[string]string) corev1.PodTemplateSpec {
	labels := operator.Labels(own, map[string]string{
		"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": name, "app.kubernetes.io/component": "database", "app.kubernetes.io/managed-by": "cloudnative-pg",
	})
	if c.Spec.InheritedMetadata != nil {
		labels = operator.Labels(c.Spec.InheritedMetadata.Labels, labels)
	}
	grace := cmp.Or(max(c.Spec.MaxStopDelay, 0), 1800)
	timing := corev1.Probe{PeriodSeconds: 10, TimeoutSeconds: 5}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			Affinity: c.Spec.Affinity.affinity(own), NodeSelector: c.Spec.Affinity.NodeSelector, Tolerations: c.Spec.Affinity.Tolerations,
			TopologySpreadConstraints: c.Spec.TopologySpreadConstraints, SchedulerName: c.Spec.SchedulerName, PriorityClassName: c.Spec.PriorityClassName,
			TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{
				Name: "postgres", Resources: c.Spec.Resources,
				StartupProbe: operator.HTTPProbe("/startupz", 8000, timing), ReadinessProbe: operator.HTTPProbe("/readyz", 8000, timing), LivenessProbe: operator.HTTPProbe("/healthz", 8000, timing),
			}},
		},
	}
}

// affinity returns the affinity of the instances (CreateAffinitySection in pkg/specs/pods.go).
func (a *Affinity) affinity(own map[string]string) *corev1.Affinity {
	all := &corev1.Affinity{}
	if a.EnablePodAntiAffinity == nil || *a.EnablePodAntiAffinity {
		apart := operator.PreferApart
		if a.PodAntiAffinityType == "required" {
			apart = operator.RequireApart
		}
		all = apart(cmp.Or(a.TopologyKey, corev1.LabelHostname), own)
	}
	all.PodAffinity, all.NodeAffinity = a.AdditionalPodAffinity, a.NodeAffinity
	if more := a.AdditionalPodAntiAffinity; more != nil {
		if all.PodAntiAffinity == nil {
			all.PodAntiAffinity = &corev1.PodAntiAffinity{}
		}
		anti := all.PodAntiAffinity
		anti.RequiredDuringSchedulingIgnoredDuringExecution = append(anti.RequiredDuringSchedulingIgnoredDuringExecution, more.RequiredDuringSchedulingIgnoredDuringExecution...)
		anti.PreferredDuringSchedulingIgnoredDuringExecution = append(anti.PreferredDuringSchedulingIgnoredDuringExecution, more.PreferredDuringSchedulingIgnoredDuringExecution...)
	}
	return all
}

// claims returns the volumeClaimTemplates, and the ends of the claims' names after the name of the pod.
func (c *Cluster) claims(o *manifest.Object) (claims []corev1.PersistentVolumeClaim, names map[string]string, err error) {
	names = map[string]string{}
	add := func(name, suffix string, s Storage, path ...string) {
		size, parseErr := resource.ParseQuantity(cmp.Or(s.Size, "0"))
		if parseErr != nil && err == nil {
			err = o.Errorf(append(path, "size"), "is %q: want a quantity like 10Gi", s.Size)
		}
		claim := operator.Claim(name, size, s.StorageClass)
		if from := s.PersistentVolumeClaimTemplate; from != nil {
			spec := *from.DeepCopy()
			if len(spec.AccessModes) == 0 {
				spec.AccessModes = claim.Spec.AccessModes
			}
			if spec.StorageClassName == nil {
				spec.StorageClassName = s.StorageClass
			}
			if s.Size != "" {
				spec.Resources = claim.Spec.Resources
			}
			claim.Spec = spec
		}
		claims, names[name] = append(claims, claim), suffix
	}
	add("pgdata", "", c.Spec.StorageConfiguration, "spec", "storage")
	if c.Spec.WalStorage != nil {
		add("pg-wal", "-wal", *c.Spec.WalStorage, "spec", "walStorage")
	}
	for i, t := range c.Spec.Tablespaces {
		add("tbs-"+t.Name, "-tbs-"+t.Name, t.Storage, "spec", "tablespaces", fmt.Sprint(i), "storage")
	}
	return claims, names, err
}

// replication returns how many instances writes need: the primary, and the synchronous replicas that are required.
func (c *Cluster) replication(instances int32) operator.Replication {
	sync := c.Spec.PostgresConfiguration.Synchronous
	switch {
	case instances == 1:
		return operator.Replication{Model: "single", Why: "the Cluster has one instance"}
	case sync != nil && sync.DataDurability != "preferred" && sync.Number > 0:
		return operator.Replication{Model: fmt.Sprintf("needs:%d", sync.Number+1), Why: fmt.Sprintf("writes need the primary and its synchronous replicas (number: %d, dataDurability: required)", sync.Number)}
	}
	return operator.Replication{Model: "standby", Why: "one instance is primary, and the operator promotes another one"}
}

// budgets returns one budget for the two of the operator, which select the primary (minAvailable 1) and the replicas (all but one;
// pkg/specs/poddisruptionbudget.go), and for those of the user that select a role. A cordoned node triggers a switchover if all
// instances are ready, so that the primary's budget then selects another pod (internal/controller/cluster_controller.go). Together
// they allow the eviction of one pod while all others are ready; the only instance can never be evicted.
func (c *Cluster) budgets(o *manifest.Object, all operator.Objects, instances int, own map[string]string) ([]operator.Budget, error) {
	healthy, name := 0, o.Name
	if enabled := c.Spec.EnablePDB == nil || *c.Spec.EnablePDB; enabled && instances > 0 {
		healthy = max(1, instances-1)
		if w := c.Spec.NodeMaintenanceWindow; w != nil && w.InProgress && (w.ReusePVC == nil || *w.ReusePVC) {
			healthy = min(1, instances-1) // only the primary's budget is left, and not that of the only instance
		}
		if instances < 3 {
			name += "-primary"
		}
	}
	operators := healthy
	for _, object := range all.Of("policy", "PodDisruptionBudget", o.Namespace) {
		b := policyv1.PodDisruptionBudget{}
		if err := object.Decode(&b); err != nil {
			return nil, err
		}
		if len(b.OwnerReferences) > 0 || b.Spec.Selector == nil || b.Spec.Selector.MatchLabels["cnpg.io/cluster"] != o.Name {
			continue
		}
		switch role := cmp.Or(b.Spec.Selector.MatchLabels[roleLabel], b.Spec.Selector.MatchLabels["role"]); {
		case role == "primary":
			healthy = max(healthy, 1) // then a switchover, as above
		case role == "replica" && operators > 1:
			healthy = instances // the eviction API refuses pods with two budgets
		case role == "replica":
			healthy = max(healthy, 1+replicas(b.Spec, instances))
		}
	}
	if healthy == 0 {
		return nil, nil
	}
	b := operator.MinAvailable(name, healthy, own)
	b.Fields = operator.Fields{"spec": "spec.enablePDB"}
	if c.Spec.EnablePDB == nil {
		b.Fields = operator.Fields{"spec": "spec.instances"}
	}
	return []operator.Budget{b}, nil
}

// replicas returns how many replicas a budget needs. A number of unavailable ones, and a percentage, refer to all instances: the
// disruption controller reads these from the Cluster.
func replicas(b policyv1.PodDisruptionBudgetSpec, instances int) int {
	value, n := cmp.Or(b.MinAvailable, b.MaxUnavailable), 0
	if value != nil {
		n, _ = intstr.GetScaledValueFromIntOrPercent(value, instances, true) // an error is reported where budgets are read
	}
	if b.MinAvailable == nil && b.MaxUnavailable != nil {
		return max(0, instances-n)
	}
	return n
}

// Pooler is postgresql.cnpg.io/v1 Pooler.
type Pooler struct {
	Spec PoolerSpec `json:"spec"`
}

// PoolerSpec is the spec of a Pooler.
type PoolerSpec struct {
	Cluster            corev1.LocalObjectReference `json:"cluster"`
	Instances          *int32                      `json:"instances"`
	Template           *corev1.PodTemplateSpec     `json:"template"`
	DeploymentStrategy *appsv1.DeploymentStrategy  `json:"deploymentStrategy"`
}

// expandPooler returns the Deployment of a Pooler (pkg/specs/pgbouncer/deployments.go).
func expandPooler(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	p := &Pooler{}
	if err := o.Decode(p); err != nil {
		return operator.Expansion{}, err
	}
	own := map[string]string{"cnpg.io/poolerName": o.Name}
	pods := corev1.PodTemplateSpec{}
	if p.Spec.Template != nil {
		pods = *p.Spec.Template
	}
	pods.Labels = operator.Labels(pods.Labels, operator.Labels(own, map[string]string{
		"cnpg.io/cluster": p.Spec.Cluster.Name, "cnpg.io/podRole": "pooler",
		"app.kubernetes.io/name": "postgresql", "app.kubernetes.io/instance": p.Spec.Cluster.Name, "app.kubernetes.io/component": "pooler", "app.kubernetes.io/managed-by": "cloudnative-pg",
	}))
	main := -1
	for i, c := range pods.Spec.Containers {
		if c.Name == "pgbouncer" {
			main = i
		}
	}
	if main < 0 {
		main = len(pods.Spec.Containers)
		pods.Spec.Containers = append(pods.Spec.Containers, corev1.Container{Name: "pgbouncer"})
	}
	if c := &pods.Spec.Containers[main]; c.ReadinessProbe == nil {
		c.ReadinessProbe = operator.TCPProbe(5432, corev1.Probe{TimeoutSeconds: 5})
	}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: o.Name},
		Spec:       appsv1.DeploymentSpec{Replicas: p.Spec.Instances, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pods},
	}
	if p.Spec.DeploymentStrategy != nil {
		d.Spec.Strategy = *p.Spec.DeploymentStrategy
	}
	return operator.Expansion{
		Workloads: []operator.Workload{{Deployment: d, Main: true,
			Fields:      operator.Fields{"spec.replicas": "spec.instances", "spec.template": "spec.template", "spec.strategy": "spec.deploymentStrategy"},
			Replication: operator.Replication{Model: "stateless", Why: "each PgBouncer accepts connections"}}},
		Services: []*corev1.Service{operator.ClusterIP(o.Name, own)},
	}, nil
}
