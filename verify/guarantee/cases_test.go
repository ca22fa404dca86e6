package guarantee_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// plain is a template of pods that nothing binds, with changes.
func plain(changes ...func(*corev1.PodTemplateSpec)) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "a"}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "c"}}}}
	for _, change := range changes {
		change(&t)
	}
	return t
}

func apart(key string, labels ...string) func(*corev1.PodTemplateSpec) {
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

func asItIs(*corev1.TopologySpreadConstraint) {}

// TestOf has six nodes in three zones, node-1 and node-4 in zone-1. A bound is written as pods, "!" if the workload stops
// without them, and why; three of them for the three moments, told once where they are the same.
func TestOf(t *testing.T) {
	const hosts, zones = cluster.HostLabel, cluster.ZoneLabel
	for _, c := range []struct {
		name       string
		object     any
		model      workload.Model
		node, zone string
	}{
		{"nothing binds", deployment("a", 3, 1, plain()), "",
			"3! nothing binds them: all 3 may share a node", "3! nothing binds them: all 3 may share a zone"},
		{"one pod", deployment("a", 1, 1, plain()), "", "1! it is one pod", "1! it is one pod"},
		{"a pod a node", deployment("a", 3, 1, plain(apart(hosts))), workload.Quorum,
			"1 required anti-affinity on kubernetes.io/hostname: one a node", "2! required anti-affinity on kubernetes.io/hostname: one a node, and 2 nodes take them"},
		{"a pod a zone", deployment("a", 3, 1, plain(apart(zones))), workload.Quorum,
			"1 required anti-affinity on topology.kubernetes.io/zone: one a zone", "1 required anti-affinity on topology.kubernetes.io/zone: one a zone"},
		{"more pods than places", deployment("a", 4, 1, plain(apart(zones))), workload.Quorum,
			"1! required anti-affinity on topology.kubernetes.io/zone: one a zone", "1! required anti-affinity on topology.kubernetes.io/zone: one a zone"},
		{"a spread that a roll unbalances", deployment("a", 3, 1, plain(spread(asItIs))), workload.Quorum,
			"1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone",
			"1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone"},
		{"a spread for each revision", deployment("a", 3, 1, plain(spread(func(c *corev1.TopologySpreadConstraint) {
			c.MatchLabelKeys, c.MinDomains = []string{"pod-template-hash"}, ptr.To[int32](3)
		}))), workload.Quorum,
			"1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone", "1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone"},
		{"a set never has a pod more", set("a", 3, plain(spread(asItIs))), workload.Quorum,
			"1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone",
			"1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 1 spread over topology.kubernetes.io/zone, skew 1: 1 a zone | 2! spread over topology.kubernetes.io/zone, skew 1: 2 a zone"},
		{"a set with minDomains", set("a", 5, plain(spread(func(c *corev1.TopologySpreadConstraint) { c.MinDomains = ptr.To[int32](3) }))), workload.Quorum,
			"2 spread over topology.kubernetes.io/zone, skew 1: 2 a zone", "2 spread over topology.kubernetes.io/zone, skew 1: 2 a zone"},
		{"a spread of other pods", deployment("a", 3, 1, plain(spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = selector("b") }))), "",
			"3! nothing binds them: all 3 may share a node", "3! nothing binds them: all 3 may share a zone"},
		{"a spread of all pods, as it is written, selects none", deployment("a", 3, 1, plain(spread(func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = &metav1.LabelSelector{} }))), "",
			"3! nothing binds them: all 3 may share a node", "3! nothing binds them: all 3 may share a zone"},
		{"one zone only", deployment("a", 2, 1, plain(apart(hosts), func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = map[string]string{zones: "zone-2"} })), "",
			"1 required anti-affinity on kubernetes.io/hostname: one a node", "2! no other zone takes them"},
		{"nowhere", deployment("a", 2, 1, plain(func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = map[string]string{"disk": "ssd"} })), "",
			"0! no node takes them", "0! no node takes them"},
		{"host port", deployment("a", 2, 0, plain(func(t *corev1.PodTemplateSpec) {
			t.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}}
		})), "", "1 host port 8080: one a node", "2! nothing binds them: all 2 may share a zone"},
		{"room", deployment("a", 5, 0, plain(func(t *corev1.PodTemplateSpec) {
			t.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("30Gi"), corev1.ResourceCPU: resource.MustParse("1")}
		})), "", "2 a node has room for 2 by its memory", "4 a node has room for 2 by its memory, and 2 nodes take them"},
		{"a pod on each node", appsv1.DaemonSet{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"}, ObjectMeta: metav1.ObjectMeta{Name: "a"},
			Spec: appsv1.DaemonSetSpec{Selector: selector("a"), Template: plain()}}, workload.PerNode, "1 a DaemonSet has one a node", "2 a DaemonSet has one a node, and 2 nodes take them"},
		{"revisions left beside each other", partitioned(3), workload.Quorum,
			"1 required anti-affinity on kubernetes.io/hostname: one a node | 3! nothing binds them: all 3 may share a node | 3! nothing binds them: all 3 may share a node",
			"2! required anti-affinity on kubernetes.io/hostname: one a node, and 2 nodes take them | 3! nothing binds them: all 3 may share a zone | 3! nothing binds them: all 3 may share a zone"},
	} {
		six, err := cluster.Uniform(6, 3)
		if err != nil {
			t.Fatal(err)
		}
		s := read(t, c.object)
		s.Workloads[0].Replication.Model = c.model
		g := guarantee.Of(six, s)[0]
		if got := write(g.Node); got != c.node {
			t.Errorf("%s: a node: got\n%s, want\n%s", c.name, got, c.node)
		}
		if got := write(g.Zone); got != c.zone {
			t.Errorf("%s: a zone: got\n%s, want\n%s", c.name, got, c.zone)
		}
	}
}

// partitioned is a set that keeps pods of two revisions at rest, and tells them apart.
func partitioned(replicas int) any {
	s := set("a", replicas, plain(apart(cluster.HostLabel, "controller-revision-hash"))).(appsv1.StatefulSet)
	s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr.To[int32](1)}
	return s
}

func write(b *guarantee.Bounds) string {
	one := func(b guarantee.Bound) string {
		return fmt.Sprintf("%d%s %s", b.Pods, map[bool]string{false: "!"}[b.Serves], b.Why)
	}
	if one(b.Placed) == one(b.Rolled) && one(b.Placed) == one(b.Healed) {
		return one(b.Placed)
	}
	return one(b.Placed) + " | " + one(b.Rolled) + " | " + one(b.Healed)
}

// TestOthersCount: a selector that counts another workload's pods, too, binds less.
func TestOthersCount(t *testing.T) {
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, set("a", 3, plain(spread(asItIs))), set("b", 3, plain()))
	for i, want := range []int{2, 3} {
		if got := guarantee.Of(six, s)[i].Zone.Placed.Pods; got != want {
			t.Errorf("%s: a zone can hold %d, want %d", s.Workloads[i], got, want)
		}
	}
}

// TestAutoscaled: pods of a workload that had more of them are where those were that are left.
func TestAutoscaled(t *testing.T) {
	six, err := cluster.Uniform(6, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		labels []string
		want   int
	}{{nil, 4}, {[]string{"pod-template-hash"}, 3}} {
		s := read(t, deployment("a", 4, 1, plain(spread(func(k *corev1.TopologySpreadConstraint) { k.MatchLabelKeys = c.labels }))))
		s.Workloads[0].Max = 8 // and two more while it rolls: 4 + 3 + 3, or 3 + 3 + 2 of one revision
		if b := guarantee.Of(six, s)[0].Zone; b.Placed.Pods != 2 || b.Rolled.Pods != c.want {
			t.Errorf("%v: a zone can hold %d, then %d, want 2 and %d", c.labels, b.Placed.Pods, b.Rolled.Pods, c.want)
		}
	}
}
