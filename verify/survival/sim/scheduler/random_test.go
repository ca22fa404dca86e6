package scheduler

import (
	"fmt"
	"maps"
	"math/rand/v2"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// random makes clusters and pods with many equal parts, and with everything that the plugins read.
type random struct {
	*rand.Rand
	pods      int
	templates []*corev1.Pod
	models    []*corev1.Node
	// racks and hosts are their numbers; 0 for one on each node.
	racks, hosts int
}

// newRandom draws the common properties of the nodes of one cluster.
func newRandom(seed, stream uint64) *random {
	r := &random{Rand: rand.New(rand.NewPCG(seed, stream))}
	for range 1 + r.IntN(4) {
		r.models = append(r.models, r.model())
	}
	r.racks = one(r, 0, 3)
	if r.in(20) {
		r.hosts = 4 // several nodes with one host name
	}
	return r
}

// one returns a random element.
func one[T any](r *random, of ...T) T { return of[r.IntN(len(of))] }

// in reports true in a percentage of the cases.
func (r *random) in(percent int) bool { return r.IntN(100) < percent }

const (
	rackLabel = "example.com/rack"   // one for several nodes, or for each node
	diskLabel = "example.com/disk"   // on few nodes
	rankLabel = "example.com/number" // a unique number
)

// model returns a template for nodes. A cluster has few.
func (r *random) model() *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{}}}
	if !r.in(10) {
		n.Labels[cluster.ZoneLabel] = one(r, "zone-1", "zone-2", "zone-3")
	}
	if r.in(20) {
		n.Labels[diskLabel] = one(r, "ssd", "hdd")
	}
	if r.in(30) {
		r.taint(n)
	}
	n.Status.Allocatable = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse(one(r, "2", "4")), corev1.ResourceMemory: resource.MustParse("4Gi"),
		corev1.ResourcePods: resource.MustParse(one(r, "4", "110")),
	}
	if r.in(20) {
		n.Status.Allocatable["example.com/gpu"] = resource.MustParse("2")
	}
	return n
}

// node returns the i-th node of a cluster.
func (r *random) node(i int) *corev1.Node {
	n := one(r, r.models...).DeepCopy()
	n.Name = fmt.Sprintf("node-%02d", i)
	if !r.in(3) {
		n.Labels[cluster.HostLabel] = numbered("node-%02d", i, r.hosts)
	}
	n.Labels[rackLabel] = numbered("rack-%d", i, r.racks)
	n.Labels[rankLabel] = fmt.Sprint(i)
	return n
}

func numbered(format string, i, of int) string {
	if of > 0 {
		i %= of
	}
	return fmt.Sprintf(format, i)
}

func (r *random) taint(n *corev1.Node) {
	n.Spec.Unschedulable = r.in(10)
	n.Spec.Taints = nil
	if r.in(40) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: "role", Value: one(r, "db", "web"), Effect: one(r, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule)})
	}
	if r.in(20) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute})
	}
}

// The apps and namespaces of the pods. clusterObjects has their owners.
var (
	apps       = []string{"web", "db", "bus"}
	namespaces = []string{"blue", "green"}
)

func clusterObjects() ClusterObjects {
	o := ClusterObjects{Namespaces: []*corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "blue", Labels: map[string]string{"team": "a"}}}}}
	for _, ns := range namespaces {
		o.Services = append(o.Services, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}})
		o.ReplicaSets = append(o.ReplicaSets, &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "owner"}, Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "bus"}}}})
		o.StatefulSets = append(o.StatefulSets, &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "owner"}, Spec: appsv1.StatefulSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}}})
	}
	return o
}

// pod returns the next pod, mostly of an earlier template.
func (r *random) pod() *corev1.Pod {
	r.pods++
	if len(r.templates) == 0 || r.in(25) {
		r.templates = append(r.templates, r.template())
	}
	p := r.templates[r.IntN(len(r.templates))].DeepCopy()
	p.Name, p.UID = fmt.Sprint("pod-", r.pods), types.UID(fmt.Sprint(r.pods))
	if p.OwnerReferences != nil && p.OwnerReferences[0].Kind == "StatefulSet" {
		p.Labels[appsv1.StatefulSetPodNameLabel] = p.Name
	}
	return p
}

func (r *random) template() *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: one(r, namespaces...),
		Labels:    map[string]string{"app": one(r, apps...), "hash": one(r, "1", "1", "2")},
	}}
	if kind := one(r, "", "", "ReplicaSet", "StatefulSet"); kind != "" {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: "owner", Controller: ptr.To(true)}}
	}
	p.Spec.Priority = ptr.To(one[int32](r, 0, 0, 0, 10, 100))
	c := corev1.Container{Name: "c", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{}}}
	if !r.in(20) {
		c.Resources.Requests[corev1.ResourceCPU] = resource.MustParse(one(r, "100m", "500m", "500m", "1"))
	}
	if r.in(30) {
		c.Resources.Requests[corev1.ResourceMemory] = resource.MustParse(one(r, "256Mi", "1Gi"))
	}
	if r.in(5) {
		c.Resources.Requests["example.com/gpu"] = resource.MustParse("1")
	}
	if r.in(8) {
		c.Ports = []corev1.ContainerPort{{HostPort: one[int32](r, 80, 443), HostIP: one(r, "", "127.0.0.1"), Protocol: corev1.ProtocolTCP}}
	}
	p.Spec.Containers = []corev1.Container{c}
	if r.in(5) {
		p.Spec.NodeName = "node-04"
	}
	if r.in(30) {
		p.Spec.Tolerations = []corev1.Toleration{{Key: one(r, "role", "", corev1.TaintNodeUnreachable), Operator: corev1.TolerationOpExists}}
	}
	for range r.IntN(3) {
		p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, r.spread())
	}
	if r.in(60) {
		p.Spec.Affinity = &corev1.Affinity{}
		r.podAffinity(p.Spec.Affinity)
		r.nodeAffinity(p.Spec.Affinity)
	}
	if r.in(10) {
		key := one(r, cluster.HostLabel, cluster.ZoneLabel, rackLabel, diskLabel)
		p.Spec.NodeSelector = map[string]string{key: map[string]string{cluster.HostLabel: "node-03", cluster.ZoneLabel: "zone-1", rackLabel: "rack-2", diskLabel: "ssd"}[key]}
	}
	return p
}

func (r *random) selector() *metav1.LabelSelector {
	switch r.IntN(12) {
	case 0:
		return nil
	case 1:
		return &metav1.LabelSelector{}
	case 2:
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: one(r, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpIn), Values: []string{"db", "bus"}}}}
	default:
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": one(r, apps...)}}
	}
}

func (r *random) topology() string {
	return one(r, cluster.HostLabel, cluster.HostLabel, cluster.ZoneLabel, cluster.ZoneLabel, rackLabel, diskLabel)
}

func (r *random) spread() corev1.TopologySpreadConstraint {
	c := corev1.TopologySpreadConstraint{
		MaxSkew: one[int32](r, 1, 1, 2), TopologyKey: r.topology(), LabelSelector: r.selector(),
		WhenUnsatisfiable: one(r, corev1.DoNotSchedule, corev1.ScheduleAnyway),
	}
	if c.WhenUnsatisfiable == corev1.DoNotSchedule && r.in(40) {
		c.MinDomains = ptr.To(one[int32](r, 1, 2, 3, 5, 40))
	}
	if r.in(40) {
		c.MatchLabelKeys = []string{"hash"}
	}
	if r.in(30) {
		c.NodeTaintsPolicy = ptr.To(one(r, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore))
	}
	if r.in(30) {
		c.NodeAffinityPolicy = ptr.To(one(r, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore))
	}
	return c
}

func (r *random) term() corev1.PodAffinityTerm {
	t := corev1.PodAffinityTerm{TopologyKey: r.topology(), LabelSelector: r.selector()}
	switch r.IntN(6) {
	case 0:
		t.Namespaces = []string{one(r, namespaces...)}
	case 1:
		t.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}
	case 2:
		t.NamespaceSelector = &metav1.LabelSelector{}
	case 3:
		t.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: one(r, namespaces...)}}
	}
	return t
}

func (r *random) podAffinity(a *corev1.Affinity) {
	weighted := func() corev1.WeightedPodAffinityTerm {
		return corev1.WeightedPodAffinityTerm{Weight: one[int32](r, 1, 50, 100), PodAffinityTerm: r.term()}
	}
	if r.in(30) {
		a.PodAntiAffinity = &corev1.PodAntiAffinity{}
		if r.in(50) {
			a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution = append(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, r.term())
		} else {
			a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution, weighted(), weighted())
		}
	}
	if r.in(25) {
		a.PodAffinity = &corev1.PodAffinity{}
		if r.in(40) {
			a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution = append(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, r.term())
		} else {
			a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution, weighted())
		}
	}
}

func (r *random) nodeTerm() corev1.NodeSelectorTerm {
	switch r.IntN(5) {
	case 0:
		return corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: one(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{fmt.Sprintf("node-%02d", r.IntN(10))}}}}
	case 1:
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: rankLabel, Operator: one(r, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt), Values: []string{fmt.Sprint(r.IntN(20))}}}}
	case 2:
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: one(r, cluster.HostLabel, diskLabel), Operator: one(r, corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist)}}}
	case 3:
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: cluster.ZoneLabel, Operator: one(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{"zone-1", "zone-2"}}}}
	default:
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: one(r, cluster.HostLabel, cluster.HostLabel, rackLabel), Operator: one(r, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn), Values: []string{"node-02", "node-05", "rack-1", "rack-3"}}}}
	}
}

func (r *random) nodeAffinity(a *corev1.Affinity) {
	switch r.IntN(5) {
	case 0:
		a.NodeAffinity = &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{r.nodeTerm()}}}
		if r.in(30) {
			required := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
			required.NodeSelectorTerms = append(required.NodeSelectorTerms, r.nodeTerm())
		}
	case 1:
		a.NodeAffinity = &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 10, Preference: r.nodeTerm()}}}
	}
}

// changed returns a node with a random change.
func (r *random) changed(n *corev1.Node, i int) *corev1.Node {
	n = n.DeepCopy()
	n.Labels = maps.Clone(n.Labels)
	switch r.IntN(4) {
	case 0:
		n.Labels[cluster.HostLabel] = one(r, n.Name, "node-00")
	case 1:
		n.Labels[rackLabel] = fmt.Sprint("rack-", one(r, i, i%5))
	case 2:
		delete(n.Labels, diskLabel)
	default:
		r.taint(n)
	}
	return n
}
