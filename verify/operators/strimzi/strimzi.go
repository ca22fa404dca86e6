// Package strimzi reads the custom resources of Strimzi 1.2.0: a Kafka cluster with its node pools. Each pool becomes a StrimziPodSet,
// whose pods the operator creates itself, with fixed names.
package strimzi

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const (
	group = "kafka.strimzi.io"
	// clusterLabel is the label of a pool or topic with the name of its Kafka.
	clusterLabel = "strimzi.io/cluster"
)

// Operator is Strimzi. Operators before 1.0 serve v1beta2, which has the same fields.
var Operator = operator.Operator{
	Name: "Strimzi", Version: "1.2.0", Source: "https://github.com/strimzi/strimzi-kafka-operator",
	Kinds: []operator.Kind{
		{Group: group, Version: "v1", Kind: "Kafka", Resource: "kafkas", Expand: expandKafka},
		{Group: group, Version: "v1", Kind: "KafkaNodePool", Resource: "kafkanodepools", Scale: true, Expand: expandPool},
		{Group: group, Version: "v1beta2", Kind: "Kafka", Resource: "kafkas", Expand: expandKafka},
		{Group: group, Version: "v1beta2", Kind: "KafkaNodePool", Resource: "kafkanodepools", Scale: true, Expand: expandPool},
		{Group: "core.strimzi.io", Version: "v1", Kind: "StrimziPodSet", Resource: "strimzipodsets", Expand: expandPodSet},
		{Group: "core.strimzi.io", Version: "v1beta2", Kind: "StrimziPodSet", Resource: "strimzipodsets", Expand: expandPodSet},
	},
}

// Kafka is kafka.strimzi.io/v1 Kafka.
type Kafka struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              KafkaSpec `json:"spec"`
}

// KafkaSpec is the spec of a Kafka.
type KafkaSpec struct {
	Kafka struct {
		Config   map[string]any `json:"config"`
		Rack     *Rack          `json:"rack"`
		Template *Template      `json:"template"`
	} `json:"kafka"`
	// ZooKeeper is set for clusters of operators before 0.46.
	ZooKeeper      *struct{} `json:"zookeeper"`
	EntityOperator *struct {
		Template *Template `json:"template"`
	} `json:"entityOperator"`
	CruiseControl *struct {
		Template  *Template                    `json:"template"`
		Resources *corev1.ResourceRequirements `json:"resources"`
	} `json:"cruiseControl"`
	KafkaExporter *struct {
		Template  *Template                    `json:"template"`
		Resources *corev1.ResourceRequirements `json:"resources"`
	} `json:"kafkaExporter"`
}

// Rack is the node label with the rack of a broker.
type Rack struct {
	TopologyKey string `json:"topologyKey"`
}

// Template has the fields of generated objects that a user sets.
type Template struct {
	Pod                 *PodTemplate `json:"pod"`
	PodDisruptionBudget *struct {
		MaxUnavailable *int `json:"maxUnavailable"`
	} `json:"podDisruptionBudget"`
}

// PodTemplate has the placement of pods.
type PodTemplate struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Affinity                      *corev1.Affinity                  `json:"affinity"`
	Tolerations                   []corev1.Toleration               `json:"tolerations"`
	TopologySpreadConstraints     []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	TerminationGracePeriodSeconds *int64                            `json:"terminationGracePeriodSeconds"`
	PriorityClassName             string                            `json:"priorityClassName"`
	SchedulerName                 string                            `json:"schedulerName"`
}

// KafkaNodePool is kafka.strimzi.io/v1 KafkaNodePool.
type KafkaNodePool struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              KafkaNodePoolSpec `json:"spec"`
}

// KafkaNodePoolSpec is the spec of a KafkaNodePool.
type KafkaNodePoolSpec struct {
	Replicas  *int32                       `json:"replicas"`
	Roles     []string                     `json:"roles"`
	Storage   Storage                      `json:"storage"`
	Resources *corev1.ResourceRequirements `json:"resources"`
	Template  *Template                    `json:"template"`
}

func (p *KafkaNodePool) has(role string) bool { return slices.Contains(p.Spec.Roles, role) }

// Storage has the volumes of each node.
type Storage struct {
	Volume
	Volumes []Volume `json:"volumes"`
}

// Volume is a volume of each node.
type Volume struct {
	Type  string  `json:"type"`
	ID    *int    `json:"id"`
	Size  string  `json:"size"`
	Class *string `json:"class"`
}

// KafkaTopic is kafka.strimzi.io/v1 KafkaTopic.
type KafkaTopic struct {
	Spec struct {
		Replicas *int           `json:"replicas"`
		Config   map[string]any `json:"config"`
	} `json:"spec"`
}

// pod returns a pod template with the fields of p. The operator's labels take precedence.
func (p *PodTemplate) pod(own map[string]string, containers ...corev1.Container) corev1.PodTemplateSpec {
	grace := int64(30) // WorkloadUtils.java
	if p == nil {
		p = &PodTemplate{}
	}
	if p.TerminationGracePeriodSeconds != nil {
		grace = *p.TerminationGracePeriodSeconds
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: operator.Labels(p.Metadata.Labels, own), Annotations: p.Metadata.Annotations},
		Spec: corev1.PodSpec{
			Affinity: p.Affinity.DeepCopy(), Tolerations: p.Tolerations, TopologySpreadConstraints: p.TopologySpreadConstraints,
			TerminationGracePeriodSeconds: &grace, PriorityClassName: p.PriorityClassName, SchedulerName: p.SchedulerName, Containers: containers,
		},
	}
}

func (t *Template) pod() *PodTemplate {
	if t == nil {
		return nil
	}
	return t.Pod
}

// selector returns the labels by which Services and budgets select pods (strimziSelectorLabels in Labels.java).
func selector(cluster, name string) map[string]string {
	return map[string]string{clusterLabel: cluster, "strimzi.io/kind": "Kafka", "strimzi.io/name": name}
}

// readPools returns the pools of a Kafka in the order in which they get the IDs of their nodes, and their objects.
func readPools(all operator.Objects, namespace, cluster string) (pools []KafkaNodePool, err error) {
	for _, o := range all.Of(group, "KafkaNodePool", namespace) {
		if o.Labels[clusterLabel] != cluster {
			continue
		}
		p := KafkaNodePool{}
		if err := o.Decode(&p); err != nil {
			return nil, err
		}
		pools = append(pools, p)
	}
	return pools, nil
}

// nodes returns the number of nodes of all pools, or of those before a pool.
func nodes(pools []KafkaNodePool, before string) int32 {
	n := int32(0)
	for _, p := range pools {
		if p.Name == before {
			break
		}
		if p.Spec.Replicas != nil {
			n += *p.Spec.Replicas
		}
	}
	return n
}

// expandKafka returns what does not depend on one pool: the budget over brokers and controllers together
// (PodDisruptionBudgetUtils.java), the Services, and the Deployments beside the cluster.
func expandKafka(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	k := &Kafka{}
	if err := o.Decode(k); err != nil {
		return operator.Expansion{}, err
	}
	pools, err := readPools(all, o.Namespace, o.Name)
	if err != nil {
		return operator.Expansion{}, err
	}
	if k.Spec.ZooKeeper != nil || len(pools) == 0 {
		text := "no KafkaNodePool of this cluster is in the manifests: the pods are unknown"
		if k.Spec.ZooKeeper != nil {
			text = "uses ZooKeeper: the pods of these clusters are not read"
		}
		return operator.Expansion{Unknown: true, Assumed: []operator.Assumption{{Text: text, Path: []string{"spec", "zookeeper"}}}}, nil
	}
	name := o.Name + "-kafka"
	most := 1
	if t := k.Spec.Kafka.Template; t != nil && t.PodDisruptionBudget != nil && t.PodDisruptionBudget.MaxUnavailable != nil {
		most = *t.PodDisruptionBudget.MaxUnavailable
	}
	budget := operator.MinAvailable(name, max(0, int(nodes(pools, ""))-most), selector(o.Name, name))
	budget.Fields = operator.Fields{"spec": "spec.kafka.template.podDisruptionBudget"}
	brokers := operator.Labels(selector(o.Name, name), map[string]string{"strimzi.io/broker-role": "true"})
	e := operator.Expansion{
		Budgets:  []operator.Budget{budget},
		Services: []*corev1.Service{operator.ClusterIP(name+"-bootstrap", brokers), operator.Headless(name+"-brokers", selector(o.Name, name), true)},
	}
	if b := k.Spec.EntityOperator; b != nil {
		e.Workloads = append(e.Workloads, beside(o.Name, "entity-operator", "spec.entityOperator", b.Template, nil, "Recreate"))
	}
	if b := k.Spec.CruiseControl; b != nil {
		e.Workloads = append(e.Workloads, beside(o.Name, "cruise-control", "spec.cruiseControl", b.Template, b.Resources, ""))
	}
	if b := k.Spec.KafkaExporter; b != nil {
		e.Workloads = append(e.Workloads, beside(o.Name, "kafka-exporter", "spec.kafkaExporter", b.Template, b.Resources, ""))
	}
	return e, nil
}

// beside returns a Deployment of one pod beside the cluster (EntityOperator.java, CruiseControl.java, KafkaExporter.java).
func beside(cluster, name, at string, t *Template, resources *corev1.ResourceRequirements, strategy appsv1.DeploymentStrategyType) operator.Workload {
	one, own := int32(1), selector(cluster, cluster+"-"+name)
	c := corev1.Container{Name: name, ReadinessProbe: operator.HTTPProbe("/ready", 8080, corev1.Probe{InitialDelaySeconds: 10, TimeoutSeconds: 5})}
	if resources != nil {
		c.Resources = *resources
	}
	return operator.Workload{
		Deployment: &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: cluster + "-" + name},
			Spec:       appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: t.pod().pod(own, c), Strategy: appsv1.DeploymentStrategy{Type: strategy}},
		},
		Fields:      operator.Fields{"spec": at, "spec.template": at + ".template.pod", "spec.template.spec": at + ".template.pod"},
		Replication: operator.Replication{Model: "single", Fixed: true, Why: "Strimzi runs one pod of it"},
	}
}

// expandPool returns the pods of a pool (KafkaPool.java, KafkaCluster.java).
func expandPool(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	p := &KafkaNodePool{}
	if err := o.Decode(p); err != nil {
		return operator.Expansion{}, err
	}
	cluster := o.Labels[clusterLabel]
	if err := p.validate(o, cluster); err != nil {
		return operator.Expansion{}, err
	}
	e, k := operator.Expansion{}, &Kafka{}
	if object := all.Find(group, "Kafka", o.Namespace, cluster); object == nil {
		e.Assumed = append(e.Assumed, operator.Assumption{Text: fmt.Sprintf("Kafka %s is not in the manifests: assumed to have no template, no rack and no configuration", cluster), Path: []string{"metadata", "labels", clusterLabel}})
	} else if err := object.Decode(k); err != nil {
		return e, err
	}
	pools, err := readPools(all, o.Namespace, cluster)
	if err != nil {
		return e, err
	}
	claims, err := p.Spec.Storage.claims(o)
	if err != nil {
		return e, err
	}
	broker, controller := p.has("broker"), p.has("controller")
	pods := &operator.Pods{
		ObjectMeta: metav1.ObjectMeta{Name: cluster + "-" + o.Name}, Owner: "StrimziPodSet",
		Replicas: *p.Spec.Replicas, First: nodes(pools, o.Name),
		Selector:             &metav1.LabelSelector{MatchLabels: operator.Labels(selector(cluster, cluster+"-kafka"), map[string]string{"strimzi.io/pool-name": o.Name})},
		VolumeClaimTemplates: claims,
	}
	labels := operator.Labels(pods.Selector.MatchLabels, map[string]string{
		"strimzi.io/component-type": "kafka", "strimzi.io/broker-role": strconv.FormatBool(broker), "strimzi.io/controller-role": strconv.FormatBool(controller),
		"app.kubernetes.io/name": "kafka", "app.kubernetes.io/instance": cluster, "app.kubernetes.io/part-of": "strimzi-" + cluster, "app.kubernetes.io/managed-by": "strimzi-cluster-operator",
	})
	c := corev1.Container{Name: "kafka", ReadinessProbe: &corev1.Probe{InitialDelaySeconds: 15, TimeoutSeconds: 5, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"/opt/kafka/kafka_readiness.sh"}}}}}
	if p.Spec.Resources != nil {
		c.Resources = *p.Spec.Resources
	}
	// The template of the pool replaces that of the Kafka.
	template, at := k.Spec.Kafka.Template.pod(), "spec.template.pod"
	if own := p.Spec.Template.pod(); own != nil {
		template = own
	}
	pods.Template = template.pod(operator.Labels(o.Labels, labels), c)
	if r := k.Spec.Kafka.Rack; broker && r != nil && r.TopologyKey != "" {
		// affinityWithRackLabelSelector in ModelUtils.java
		operator.RequireNodes(&pods.Template.Spec, corev1.NodeSelectorRequirement{Key: r.TopologyKey, Operator: corev1.NodeSelectorOpExists})
	}
	replication, err := p.replication(o, all, k, pools)
	if err != nil {
		return e, err
	}
	w := operator.Workload{Pods: pods, Main: true, Replication: replication, Fields: operator.Fields{
		"spec.replicas": "spec.replicas", "spec.template": at, "spec.template.spec": at, "spec.template.spec.containers.0.resources": "spec.resources", "spec.volumeClaimTemplates": "spec.storage",
	}}
	switch {
	case controller && broker:
	case controller:
		w.Group = "controllers of Kafka " + cluster
	case broker:
		w.Group = "brokers of Kafka " + cluster
	}
	e.Workloads = []operator.Workload{w}
	return e, nil
}

// validate returns an error for what the API server or the operator rejects.
func (p *KafkaNodePool) validate(o *manifest.Object, cluster string) error {
	switch {
	case cluster == "":
		return o.Errorf([]string{"metadata", "labels"}, "has no %s: the operator ignores a pool without the name of its Kafka", clusterLabel)
	case p.Spec.Replicas == nil:
		return o.Errorf([]string{"spec", "replicas"}, "is missing, which the API server rejects")
	case len(p.Spec.Roles) == 0:
		return o.Errorf([]string{"spec", "roles"}, "is missing, which the API server rejects: want controller, broker or both")
	}
	for i, role := range p.Spec.Roles {
		if role != "broker" && role != "controller" {
			return o.Errorf([]string{"spec", "roles", strconv.Itoa(i)}, "is %q, which the API server rejects: want controller or broker", role)
		}
	}
	return nil
}

// claims returns the volumeClaimTemplates: data, or data-ID of each JBOD volume (VolumeUtils.java).
func (s *Storage) claims(o *manifest.Object) ([]corev1.PersistentVolumeClaim, error) {
	volumes := []Volume{s.Volume}
	if s.Type == "jbod" {
		volumes = s.Volumes
	}
	var all []corev1.PersistentVolumeClaim
	for i, v := range volumes {
		if v.Type != "persistent-claim" {
			continue
		}
		name, path := "data", []string{"spec", "storage", "size"}
		if s.Type == "jbod" {
			path = []string{"spec", "storage", "volumes", strconv.Itoa(i), "size"}
			if v.ID == nil {
				return nil, o.Errorf(path[:4], "has no id, which the operator rejects")
			}
			name = fmt.Sprintf("data-%d", *v.ID)
		}
		size, err := resource.ParseQuantity(cmp.Or(v.Size, "0"))
		if err != nil {
			return nil, o.Errorf(path, "is %q: want a quantity like 10Gi", v.Size)
		}
		all = append(all, operator.Claim(name, size, v.Class))
	}
	return all, nil
}

// replication returns how many nodes of a pool are needed: a majority of controllers, and as many brokers that each partition has
// min.insync.replicas. The manifests show the topics with a KafkaTopic and the defaults of others.
func (p *KafkaNodePool) replication(o *manifest.Object, all operator.Objects, k *Kafka, pools []KafkaNodePool) (operator.Replication, error) {
	if !p.has("broker") {
		return operator.Replication{Model: "quorum", Why: "KRaft controllers form a quorum"}, nil
	}
	factor, copies := margin(k.Spec.Kafka.Config, KafkaTopic{})
	source, first := "default.replication.factor and min.insync.replicas of Kafka", true
	for _, object := range all.Of(group, "KafkaTopic", o.Namespace) {
		if object.Labels[clusterLabel] != o.Labels[clusterLabel] {
			continue
		}
		t := KafkaTopic{}
		if err := object.Decode(&t); err != nil {
			return operator.Replication{}, err
		}
		rf, m := margin(k.Spec.Kafka.Config, t)
		factor = max(factor, rf)
		if first || m < copies {
			copies, source, first = m, "replicas and min.insync.replicas of KafkaTopic "+object.Name, false
		}
	}
	for _, t := range internalTopics {
		rf, m := t.margin(k.Spec.Kafka.Config)
		factor = max(factor, rf)
		if m < copies {
			copies, source = m, t.factor
		}
	}
	r := operator.Replication{Model: fmt.Sprintf("copies:%d", copies), Assumed: true, Why: "writes need min.insync.replicas of each partition (" + source + ")"}
	if n := int(*p.Spec.Replicas); p.has("controller") {
		r.Model, r.Count, r.Why = "quorum", n-copies, "KRaft controllers form a quorum, and "+r.Why
		if r.Count <= n/2+1 {
			r.Count, r.Why = 0, "KRaft controllers form a quorum, and a partition has enough brokers while these have a majority"
		}
	}
	// Kafka spreads the replicas of a partition over as many racks as possible (broker.rack).
	brokers := 0
	for i := range pools {
		if pools[i].has("broker") {
			brokers++
		}
	}
	if rack := k.Spec.Kafka.Rack; brokers == 1 && rack != nil && rack.TopologyKey == corev1.LabelTopologyZone && (r.Model != "quorum" || r.Count > 0) {
		r.Zones = factor
		r.Why += fmt.Sprintf("; with spec.kafka.rack, the replicas of a partition are in different zones, and the number of zones must be %d", factor)
	}
	return r, nil
}

// internalTopic is a topic that Kafka creates for itself, with 3 replicas by default.
type internalTopic struct {
	factor, inSync string
	// leastInSync is the default of inSync.
	leastInSync int
}

// internalTopics are those of consumer groups and of transactions (GroupCoordinatorConfig and TransactionLogConfig in Apache Kafka 4.1).
var internalTopics = []internalTopic{
	{"offsets.topic.replication.factor", "min.insync.replicas", 1},
	{"transaction.state.log.replication.factor", "transaction.state.log.min.isr", 2},
}

// margin returns the replication factor of the topic, and how many of its brokers can be missing for writes.
func (t internalTopic) margin(config map[string]any) (factor, copies int) {
	factor = number(t.factor, config, 3)
	return factor, max(0, factor-number(t.inSync, config, t.leastInSync))
}

// number returns a setting.
func number(key string, config map[string]any, otherwise int) int {
	if n, err := strconv.Atoi(fmt.Sprint(config[key])); err == nil {
		return n
	}
	return otherwise
}

// margin returns the replication factor of a topic, and how many of its brokers can be missing for writes. Kafka's defaults are 1
// replica, and 1 in sync.
func margin(config map[string]any, topic KafkaTopic) (factor, copies int) {
	factor = number("default.replication.factor", config, 1)
	if replicas := topic.Spec.Replicas; replicas != nil && *replicas > 0 {
		factor = *replicas
	}
	inSync := number("min.insync.replicas", topic.Spec.Config, number("min.insync.replicas", config, 1))
	return factor, max(0, factor-inSync)
}

// expandPodSet: a StrimziPodSet is part of a Kafka. Without that, its pods are unknown.
func expandPodSet(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	return operator.Expansion{Unknown: all.Find(group, "Kafka", o.Namespace, o.Labels[clusterLabel]) == nil}, nil
}
