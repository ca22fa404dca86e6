package guarantee_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// podTemplate returns a template of pods without constraints, with changes.
func podTemplate(changes ...func(*corev1.PodTemplateSpec)) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "a"}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "c"}}}}
	for _, change := range changes {
		change(&t)
	}
	return t
}

func antiAffinity(key string, labels ...string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		t.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: key, LabelSelector: selector("a"), MatchLabelKeys: labels}}}}
	}
}

func spread(change func(*corev1.TopologySpreadConstraint)) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		c := corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: cluster.ZoneLabel, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector("a")}
		change(&c)
		t.Spec.TopologySpreadConstraints = append(t.Spec.TopologySpreadConstraints, c)
	}
}

func unchanged(*corev1.TopologySpreadConstraint) {}

// TestOf has six nodes in three zones, node-1 and node-4 in zone-1. A bound is written as the number of pods, "!" if the
// workload does not serve without them, and the reason. There are three for the three histories, or one if they are equal.
func TestOf(t *testing.T) {
	const hosts, zones = cluster.HostLabel, cluster.ZoneLabel
	for _, c := range []struct {
		name       string
		object     any
		model      workload.Model
		node, zone string
	}{
		{"no constraint", deployment("a", 3, 1, podTemplate()), "",
			"3! no constraint keeps them on different nodes", "3! no constraint keeps them on different zones"},
		{"one pod", deployment("a", 1, 1, podTemplate()), "", "1! the workload has one pod", "1! the workload has one pod"},
		{"one pod per node", deployment("a", 3, 1, podTemplate(antiAffinity(hosts))), workload.Quorum,
			"1 required anti-affinity on kubernetes.io/hostname: one per node", "2! required anti-affinity on kubernetes.io/hostname: one per node, on 2 nodes"},
		{"one pod per zone", deployment("a", 3, 1, podTemplate(antiAffinity(zones))), workload.Quorum,
			"1 required anti-affinity on topology.kubernetes.io/zone: one per zone", "1 required anti-affinity on topology.kubernetes.io/zone: one per zone"},
		{"more pods than places", deployment("a", 4, 1, podTemplate(antiAffinity(zones))), workload.Quorum,
			"1! required anti-affinity on topology.kubernetes.io/zone: one per zone", "1! required anti-affinity on topology.kubernetes.io/zone: one per zone"},
		{"a rollout unbalances the spread", deployment("a", 3, 1, podTemplate(spread(unchanged))), workload.Quorum,
			"1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone",
			"1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone"},
		{"a spread per revision", deployment("a", 3, 1, podTemplate(spread(func(c *corev1.TopologySpreadConstraint) {
			c.MatchLabelKeys, c.MinDomains = []string{"pod-template-hash"}, ptr.To[int32](3)
		}))), workload.Quorum,
			"1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone", "1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone"},
		{"a StatefulSet has no surge", set("a", 3, podTemplate(spread(unchanged))), workload.Quorum,
			"1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone",
			"1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 1 topology spread on topology.kubernetes.io/zone, maxSkew 1: 1 per zone | 2! topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone"},
		{"a StatefulSet with minDomains", set("a", 5, podTemplate(spread(func(c *corev1.TopologySpreadConstraint) { c.MinDomains = ptr.To[int32](3) }))), workload.Quorum,
			"2 topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone", "2 topology spread on topology.kubernetes.io/zone, maxSkew 1: 2 per zone"},
		{"a spread of other pods", deployment("a", 3, 1, podTemplate(spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = selector("b") }))), "",
			"3! no constraint keeps them on different nodes", "3! no constraint keeps them on different zones"},
		{"an empty selector of a spread selects no pod", deployment("a", 3, 1, podTemplate(spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = &metav1.LabelSelector{} }))), "",
			"3! no constraint keeps them on different nodes", "3! no constraint keeps them on different zones"},
		{"one zone only", deployment("a", 2, 1, podTemplate(antiAffinity(hosts), func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = map[string]string{zones: "zone-2"} })), "",
			"1 required anti-affinity on kubernetes.io/hostname: one per node", "2! no other zone accepts the pods"},
		{"no node", deployment("a", 2, 1, podTemplate(func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = map[string]string{"disk": "ssd"} })), "",
			"0! no node accepts the pods", "0! no node accepts the pods"},
		{"host port", deployment("a", 2, 0, podTemplate(func(t *corev1.PodTemplateSpec) {
			t.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}}
		})), "", "1 host port 8080: one per node", "2! no constraint keeps them on different zones"},
		{"capacity of nodes", deployment("a", 5, 0, podTemplate(func(t *corev1.PodTemplateSpec) {
			t.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("30Gi"), corev1.ResourceCPU: resource.MustParse("1")}
		})), "", "2 capacity for 2 per node by memory", "4 capacity for 2 per node by memory, on 2 nodes"},
		{"a DaemonSet", appsv1.DaemonSet{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"}, ObjectMeta: metav1.ObjectMeta{Name: "a"},
			Spec: appsv1.DaemonSetSpec{Selector: selector("a"), Template: podTemplate()}}, workload.PerNode, "1 a DaemonSet has one pod per node", "2 a DaemonSet has one pod per node, on 2 nodes"},
		{"pods of two revisions in the steady state", partitioned(3), workload.Quorum,
			"1 required anti-affinity on kubernetes.io/hostname: one per node | 3! no constraint keeps them on different nodes | 3! no constraint keeps them on different nodes",
			"2! required anti-affinity on kubernetes.io/hostname: one per node, on 2 nodes | 3! no constraint keeps them on different zones | 3! no constraint keeps them on different zones"},
	} {
		six, err := cluster.Uniform(6, 3)
		if err != nil {
			t.Fatal(err)
		}
		s := read(t, c.object)
		s.Workloads[0].Replication.Model = c.model
		g := guarantee.Of(six, s)[0]
		if got := write(g.For(cluster.Node)); got != c.node {
			t.Errorf("%s: node: got\n%s, want\n%s", c.name, got, c.node)
		}
		if got := write(g.For(cluster.Zone)); got != c.zone {
			t.Errorf("%s: zone: got\n%s, want\n%s", c.name, got, c.zone)
		}
	}
}

// partitioned returns a StatefulSet that keeps pods of two revisions in the steady state, with anti-affinity per revision.
func partitioned(replicas int) any {
	s := set("a", replicas, podTemplate(antiAffinity(cluster.HostLabel, "controller-revision-hash"))).(appsv1.StatefulSet)
	s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr.To[int32](1)}
	return s
}

func write(b *guarantee.Bounds) string {
	one := func(b guarantee.Bound) string {
		return fmt.Sprintf("%d%s %s", b.Pods, map[bool]string{false: "!"}[b.Serves], b.Why)
	}
	if one(b.Placed) == one(b.AfterRollouts) && one(b.Placed) == one(b.AfterFailures) {
		return one(b.Placed)
	}
	return one(b.Placed) + " | " + one(b.AfterRollouts) + " | " + one(b.AfterFailures)
}

// TestOtherWorkloads: a spread constraint that also counts the pods of another workload limits its own pods less.
func TestOtherWorkloads(t *testing.T) {
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, set("a", 3, podTemplate(spread(unchanged))), set("b", 3, podTemplate()))
	for i, want := range []int{2, 3} {
		if got := guarantee.Of(six, s)[i].For(cluster.Zone).Placed.Pods; got != want {
			t.Errorf("%s: a zone can hold %d, want %d", s.Workloads[i], got, want)
		}
	}
}

// TestPodTemplateHash: a spread with matchLabelKeys counts no pods of a Deployment with another template, whatever its selector.
func TestPodTemplateHash(t *testing.T) {
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	other := podTemplate(func(t *corev1.PodTemplateSpec) { t.Spec.Containers[0].Image = "other" })
	for _, selects := range []*metav1.LabelSelector{selector("a"), {}} {
		s := read(t, deployment("a", 3, 1, podTemplate(spread(func(c *corev1.TopologySpreadConstraint) {
			c.LabelSelector, c.MatchLabelKeys, c.MinDomains = selects, []string{"pod-template-hash"}, ptr.To[int32](3)
		}))), deployment("b", 6, 1, other))
		if got := guarantee.Of(six, s)[0].For(cluster.Zone).AfterFailures.Pods; got != 1 {
			t.Errorf("%v: a zone can hold %d, want 1", selects, got)
		}
	}
}

// TestAutoscaled: after a scale-down, the remaining pods may be any of those that existed before.
func TestAutoscaled(t *testing.T) {
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		labels []string
		want   int
	}{{nil, 4}, {[]string{"pod-template-hash"}, 3}} {
		s := read(t, deployment("a", 4, 1, podTemplate(spread(func(k *corev1.TopologySpreadConstraint) { k.MatchLabelKeys = c.labels }))))
		s.Workloads[0].Max = 8 // and two more during a rollout: 4 + 3 + 3, or 3 + 3 + 2 of one revision
		if b := guarantee.Of(six, s)[0].For(cluster.Zone); b.Placed.Pods != 2 || b.AfterRollouts.Pods != c.want {
			t.Errorf("%v: a zone can hold %d, then %d, want 2 and %d", c.labels, b.Placed.Pods, b.AfterRollouts.Pods, c.want)
		}
	}
}

// TestFailureDomains: every kind of failure domain of a cluster has bounds, those of racks like those of zones.
func TestFailureDomains(t *testing.T) {
	rack := cluster.Domain{Name: "rack", Label: "example.org/rack"}
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range six.Nodes {
		n.Labels[rack.Label] = fmt.Sprint("rack-", i/3+1)
	}
	before := guarantee.Of(six, read(t, set("a", 3, podTemplate(antiAffinity(rack.Label)))))[0]
	if before.For(rack) != nil || len(before.Bounds) != 2 {
		t.Errorf("bounds of racks without the failure domain: %+v", before.Bounds)
	}
	six.Domains = []cluster.Domain{rack, {Name: "row", Label: "example.org/row"}}
	g := guarantee.Of(six, read(t, set("a", 3, podTemplate(antiAffinity(rack.Label)))))[0]
	if got, want := write(g.For(rack)), "1 required anti-affinity on example.org/rack: one per rack"; got != want {
		t.Errorf("rack: got %s, want %s", got, want)
	}
	if len(g.Bounds) != 3 {
		t.Errorf("bounds of a kind that no node has: %+v", g.Bounds)
	}
	// A spread over zones does not limit the pods in a rack that has nodes of every zone.
	spreading := guarantee.Of(six, read(t, set("a", 3, podTemplate(spread(unchanged)))))[0]
	if got := spreading.For(rack).Placed; got.Pods != 3 || got.On != "rack-1" {
		t.Errorf("rack: got %+v, want 3 pods in rack-1", got)
	}
}

// TestNamespaces: anti-affinity limits the pods if one of its namespaces is their own, by name or by a label.
func TestNamespaces(t *testing.T) {
	three, err := cluster.Uniform(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	shop := corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "blue"}}}
	for _, c := range []struct {
		namespaces []string
		labels     map[string]string
		want       int
	}{
		{nil, nil, 1}, {[]string{"shop"}, nil, 1}, {[]string{"other"}, nil, 2},
		{nil, map[string]string{"team": "blue"}, 1}, {nil, map[string]string{"team": "red"}, 2}, {[]string{"shop"}, map[string]string{"team": "red"}, 1},
		{nil, map[string]string{corev1.LabelMetadataName: "shop"}, 1},
	} {
		d := deployment("a", 2, 1, podTemplate(antiAffinity(cluster.HostLabel), func(t *corev1.PodTemplateSpec) {
			term := &t.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0]
			term.Namespaces = c.namespaces
			if c.labels != nil {
				term.NamespaceSelector = &metav1.LabelSelector{MatchLabels: c.labels}
			}
		})).(appsv1.Deployment)
		d.Namespace = "shop"
		if got := guarantee.Of(three, read(t, d, shop))[0].For(cluster.Node).Placed.Pods; got != c.want {
			t.Errorf("namespaces %v, namespaceSelector %v: a node can hold %d, want %d", c.namespaces, c.labels, got, c.want)
		}
	}
}

// TestGates: nothing is proven of pods that wait for something that is not simulated.
func TestGates(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	for fields, proven := range map[string]bool{
		"": true, "schedulingGates: [{name: a.example/b}],": false, "readinessGates: [{conditionType: a.example/b}],": false,
	} {
		s := verifytest.Read(t, "a.yaml", fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 3, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {%s
affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: a}}}]}}, containers: [{name: c, image: c}]}}}}`, fields))
		g := guarantee.Of(c, s)[0]
		if p := g.Failure(cluster.Node); p.Serves != proven || g.Drain.Completes != proven || (p.Why == "") != proven {
			t.Errorf("%s: %+v, want %v", fields, p, proven)
		}
	}
}

// TestSealed: a Vault that a person must unseal is not proven, and its rollout does not end.
func TestSealed(t *testing.T) {
	c, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	for config, proven := range map[string]bool{`storage "raft" {}`: false, `storage "raft" {}\n# seal "awskms" {}`: false, `storage "raft" {}\nseal "awskms" {}`: true} {
		s := verifytest.Read(t, "a.yaml", fmt.Sprintf(`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3, podManagementPolicy: Parallel, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {volumes: [{name: c, configMap: {name: c}}],
affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: a}}}]}}, containers: [{name: c, image: vault}]}}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {vault.hcl: "%s"}}`, strings.ReplaceAll(config, `"`, `\"`)))
		if err := s.SetReplication(nil); err != nil {
			t.Fatal(err)
		}
		if p := guarantee.Of(c, s)[0].Rollout; (p.Why == "") != proven {
			t.Errorf("%s: %+v, want %v", config, p, proven)
		}
	}
}
