// Package elastic reads the custom resources of Elastic Cloud on Kubernetes v3.5.0: Elasticsearch, with a StatefulSet per node set,
// and Kibana.
package elastic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const (
	esGroup = "elasticsearch.k8s.elastic.co"
	kbGroup = "kibana.k8s.elastic.co"

	clusterLabel = esGroup + "/cluster-name"
	typeLabel    = "common.k8s.elastic.co/type"
)

// Operator is Elastic Cloud on Kubernetes (ECK), with a basic licence. An enterprise licence has a budget per role.
var Operator = operator.Operator{
	Name: "Elastic", Version: "v3.5.0", Source: "https://github.com/elastic/cloud-on-k8s",
	Kinds: []operator.Kind{
		{Group: esGroup, Version: "v1", Kind: "Elasticsearch", Resource: "elasticsearches", Expand: expandElasticsearch},
		{Group: kbGroup, Version: "v1", Kind: "Kibana", Resource: "kibanas", Scale: true, Expand: expandKibana},
	},
}

// Elasticsearch is elasticsearch.k8s.elastic.co/v1 Elasticsearch.
type Elasticsearch struct {
	Spec ElasticsearchSpec `json:"spec"`
}

// ElasticsearchSpec is the spec of an Elasticsearch.
type ElasticsearchSpec struct {
	NodeSets            []NodeSet       `json:"nodeSets"`
	PodDisruptionBudget *BudgetTemplate `json:"podDisruptionBudget"`
}

// BudgetTemplate replaces the budget of the operator. An empty one removes it.
type BudgetTemplate struct {
	Spec policyv1.PodDisruptionBudgetSpec `json:"spec"`
}

// NodeSet is a set of nodes with one configuration.
type NodeSet struct {
	Name                 string                         `json:"name"`
	Config               map[string]any                 `json:"config"`
	Count                int32                          `json:"count"`
	ZoneAwareness        *ZoneAwareness                 `json:"zoneAwareness"`
	PodTemplate          corev1.PodTemplateSpec         `json:"podTemplate"`
	VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates"`
}

// ZoneAwareness spreads a node set over zones.
type ZoneAwareness struct {
	TopologyKey string   `json:"topologyKey"`
	Zones       []string `json:"zones"`
}

// expandElasticsearch returns the StatefulSet of each node set, the budget over all of them, and the Services.
func expandElasticsearch(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	es := &Elasticsearch{}
	if err := o.Decode(es); err != nil {
		return operator.Expansion{}, err
	}
	sets := es.Spec.NodeSets
	if len(sets) == 0 {
		return operator.Expansion{}, o.Errorf([]string{"spec", "nodeSets"}, "is missing, which the API server rejects")
	}
	e := operator.Expansion{Services: []*corev1.Service{operator.ClusterIP(o.Name+"-es-http", map[string]string{clusterLabel: o.Name, typeLabel: "elasticsearch"})}}
	masters := int32(0)
	for i, n := range sets {
		if n.Count < 0 || n.Name == "" {
			return e, o.Errorf([]string{"spec", "nodeSets", fmt.Sprint(i)}, "has no name or a negative count, which the API server rejects")
		}
		if n.has("master") {
			masters += n.Count
		}
	}
	aware, key := false, ""
	for _, n := range sets {
		if n.ZoneAwareness != nil && !aware {
			aware, key = true, cmp.Or(n.ZoneAwareness.TopologyKey, corev1.LabelTopologyZone)
		}
	}
	for i := range sets {
		n := &sets[i]
		set := n.statefulSet(o.Name, aware, key)
		at := fmt.Sprintf("spec.nodeSets.%d", i)
		w := operator.Workload{StatefulSet: set, Main: len(sets) == 1, Replication: n.replication(masters), Fields: operator.Fields{
			"spec": at, "spec.replicas": at + ".count", "spec.template": at + ".podTemplate", "spec.volumeClaimTemplates": at + ".volumeClaimTemplates",
		}}
		if n.has("master") && len(sets) > 1 {
			w.Group = "master-eligible nodes of Elasticsearch " + o.Name
		}
		e.Workloads = append(e.Workloads, w)
		e.Services = append(e.Services, operator.Headless(set.Name, set.Spec.Selector.MatchLabels, true))
	}
	if b := budget(o.Name, es.Spec); b != nil {
		e.Budgets = []operator.Budget{*b}
	}
	return e, nil
}

// has reports whether the nodes have a role. Without roles in the configuration they have all.
func (n *NodeSet) has(role string) bool {
	value, found := setting(n.Config, "node.roles")
	if found {
		roles, _ := value.([]any)
		return slices.ContainsFunc(roles, func(r any) bool {
			name := fmt.Sprint(r)
			return name == role || role == "data" && strings.HasPrefix(name, "data_")
		})
	}
	value, found = setting(n.Config, "node."+role) // versions before 7.9
	return !found || fmt.Sprint(value) != "false"
}

// setting returns a setting, whose path may be written with dots or as maps.
func setting(config map[string]any, path string) (any, bool) {
	if value, ok := config[path]; ok {
		return value, true
	}
	first, rest, ok := strings.Cut(path, ".")
	if inner, isMap := config[first].(map[string]any); ok && isMap {
		return setting(inner, rest)
	}
	return nil, false
}

// statefulSet returns the StatefulSet of a node set (pkg/controller/elasticsearch/nodespec). Its strategy is OnDelete: the operator
// deletes one pod after the other, like a rolling update.
func (n *NodeSet) statefulSet(cluster string, aware bool, key string) *appsv1.StatefulSet {
	name := cluster + "-es-" + n.Name
	own := map[string]string{clusterLabel: cluster, typeLabel: "elasticsearch", esGroup + "/statefulset-name": name}
	pod := *n.PodTemplate.DeepCopy()
	roles := map[string]string{}
	for _, role := range []string{"master", "data", "ingest"} {
		roles[esGroup+"/node-"+role] = fmt.Sprint(n.has(role))
	}
	pod.Labels = operator.Labels(pod.Labels, operator.Labels(own, roles))
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = operator.PreferApart(corev1.LabelHostname, map[string]string{clusterLabel: cluster})
	}
	if pod.Spec.TerminationGracePeriodSeconds == nil {
		grace := int64(180)
		pod.Spec.TerminationGracePeriodSeconds = &grace
	}
	if z := n.ZoneAwareness; z != nil {
		key = cmp.Or(z.TopologyKey, corev1.LabelTopologyZone)
		pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule,
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{clusterLabel: cluster, esGroup + "/statefulset-name": name}},
		})
	}
	if aware {
		required := corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpExists}
		if n.ZoneAwareness != nil && len(n.ZoneAwareness.Zones) > 0 {
			required.Operator, required.Values = corev1.NodeSelectorOpIn, n.ZoneAwareness.Zones
		}
		operator.RequireNodes(&pod.Spec, required)
	}
	memory := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")}
	main := container(&pod.Spec, "elasticsearch")
	if main.Resources.Requests == nil && main.Resources.Limits == nil {
		main.Resources = corev1.ResourceRequirements{Requests: memory, Limits: memory}
	}
	if main.ReadinessProbe == nil {
		main.ReadinessProbe = &corev1.Probe{FailureThreshold: 3, InitialDelaySeconds: 10, PeriodSeconds: 5, SuccessThreshold: 1, TimeoutSeconds: 5,
			ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"bash", "-c", "/mnt/elastic-internal/scripts/readiness-port-script.sh"}}}}
	}
	claims := n.VolumeClaimTemplates
	const data = "elasticsearch-data"
	mounted := slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == data })
	if len(claims) == 0 && !mounted {
		claims = []corev1.PersistentVolumeClaim{operator.Claim(data, resource.MustParse("1Gi"), nil)}
	}
	return &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: appsv1.StatefulSetSpec{
		Replicas: &n.Count, ServiceName: name, Selector: &metav1.LabelSelector{MatchLabels: own}, PodManagementPolicy: appsv1.ParallelPodManagement, Template: pod, VolumeClaimTemplates: claims,
	}}
}

// container returns a container of a pod by name, which is added if it is missing.
func container(spec *corev1.PodSpec, name string) *corev1.Container {
	for i := range spec.Containers {
		if spec.Containers[i].Name == name {
			return &spec.Containers[i]
		}
	}
	spec.Containers = append([]corev1.Container{{Name: name}}, spec.Containers...)
	return &spec.Containers[0]
}

// replication returns the model of a node set: a majority of the master-eligible nodes, and each shard of an index on one other data
// node. The number of replicas of an index is not in the manifests; its default is 1.
func (n *NodeSet) replication(masters int32) operator.Replication {
	data := "a shard has one replica by default"
	switch master := n.has("master"); {
	case n.Count == 1 && masters <= 1 && master:
		return operator.Replication{Model: "single", Why: "it is the only master-eligible node"}
	case master && (!n.has("data") || n.Count <= 3):
		return operator.Replication{Model: "quorum", Assumed: n.has("data"), Why: "the master-eligible nodes elect a master by majority"}
	case n.has("data"):
		return operator.Replication{Model: "copies:1", Assumed: true, Why: data}
	}
	return operator.Replication{Model: "stateless", Why: "the nodes have neither data nor votes"}
}

// budget returns the budget over all node sets of a green cluster (pkg/controller/elasticsearch/pdb/reconcile_default.go), nil if it
// is removed.
func budget(name string, s ElasticsearchSpec) *operator.Budget {
	fields := operator.Fields{"spec": "spec.podDisruptionBudget.spec"}
	if t := s.PodDisruptionBudget; t != nil {
		if t.Spec.MinAvailable == nil && t.Spec.MaxUnavailable == nil && t.Spec.Selector == nil {
			return nil
		}
		return &operator.Budget{PodDisruptionBudget: &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name + "-es-default"}, Spec: t.Spec}, Fields: fields}
	}
	nodes, byRole := int32(0), map[string]int32{}
	for _, n := range s.NodeSets {
		nodes += n.Count
		for _, role := range []string{"master", "data", "ingest"} {
			if n.has(role) {
				byRole[role] += n.Count
			}
		}
	}
	healthy := nodes - 1
	if nodes > 1 && (byRole["master"] == 1 || byRole["data"] == 1 || byRole["ingest"] == 1) {
		healthy = nodes
	}
	b := operator.MinAvailable(name+"-es-default", int(max(0, healthy)), map[string]string{clusterLabel: name})
	b.Fields = operator.Fields{"spec": "spec.nodeSets"}
	return &b
}

// Kibana is kibana.k8s.elastic.co/v1 Kibana.
type Kibana struct {
	Spec KibanaSpec `json:"spec"`
}

// KibanaSpec is the spec of a Kibana.
type KibanaSpec struct {
	Count       int32                  `json:"count"`
	PodTemplate corev1.PodTemplateSpec `json:"podTemplate"`
}

// expandKibana returns the Deployment of a Kibana (pkg/controller/kibana). It has no budget. A rollout is one to another version, the
// worst one: it deletes all pods before it creates new ones (getStrategyType in driver.go).
func expandKibana(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	k := &Kibana{}
	if err := o.Decode(k); err != nil {
		return operator.Expansion{}, err
	}
	own := map[string]string{kbGroup + "/name": o.Name, typeLabel: "kibana"}
	pod := *k.Spec.PodTemplate.DeepCopy()
	pod.Labels = operator.Labels(pod.Labels, own)
	main, memory := container(&pod.Spec, "kibana"), corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")}
	if main.Resources.Requests == nil && main.Resources.Limits == nil {
		main.Resources = corev1.ResourceRequirements{Requests: memory, Limits: memory}
	}
	if main.ReadinessProbe == nil {
		main.ReadinessProbe = operator.HTTPProbe("/login", 5601, corev1.Probe{FailureThreshold: 3, InitialDelaySeconds: 10, PeriodSeconds: 10, SuccessThreshold: 1, TimeoutSeconds: 5})
	}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: o.Name + "-kb"}, Spec: appsv1.DeploymentSpec{Replicas: &k.Spec.Count, Selector: &metav1.LabelSelector{MatchLabels: own}, Template: pod,
		Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}}}
	return operator.Expansion{
		Workloads: []operator.Workload{{Deployment: d, Main: true, Fields: operator.Fields{"spec.replicas": "spec.count", "spec.template": "spec.podTemplate"},
			Replication: operator.Replication{Model: "stateless", Why: "each Kibana serves requests"}}},
		Services: []*corev1.Service{operator.ClusterIP(o.Name+"-kb-http", own)},
	}, nil
}
