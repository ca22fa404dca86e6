package placement_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/placement"
)

// TestFit: which nodes accept a pod, and their capacity in pods.
func TestFit(t *testing.T) {
	node := func(change func(*corev1.Node)) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"disk": "ssd"}}, Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("4Gi"), corev1.ResourcePods: resource.MustParse("3")}}}
		if change != nil {
			change(n)
		}
		return n
	}
	taint := func(key string, effect corev1.TaintEffect) func(*corev1.Node) {
		return func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: key, Effect: effect}} }
	}
	requests := func(cpu string) corev1.PodSpec {
		return corev1.PodSpec{Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}}}}
	}
	ports := func(p corev1.ContainerPort) []corev1.Container {
		return []corev1.Container{{RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{p}}}
	}
	cordoned := func(n *corev1.Node) { n.Spec.Unschedulable = true }
	tolerant := corev1.PodSpec{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}}
	for _, c := range []struct {
		name    string
		spec    corev1.PodSpec
		node    *corev1.Node
		accepts bool
		pods    int
		limit   string
	}{
		{"no requirements", corev1.PodSpec{}, node(nil), true, 3, "pods"},
		{"node selector", corev1.PodSpec{NodeSelector: map[string]string{"disk": "ssd"}}, node(nil), true, 3, "pods"},
		{"node selector of another node", corev1.PodSpec{NodeSelector: map[string]string{"disk": "hdd"}}, node(nil), false, 3, "pods"},
		{"another node by name", corev1.PodSpec{NodeName: "b"}, node(nil), false, 3, "pods"},
		{"taint", corev1.PodSpec{}, node(taint("control", corev1.TaintEffectNoExecute)), false, 3, "pods"},
		{"taint that is a preference", corev1.PodSpec{}, node(taint("control", corev1.TaintEffectPreferNoSchedule)), true, 3, "pods"},
		{"tolerated taint", tolerant, node(taint("control", corev1.TaintEffectNoSchedule)), true, 3, "pods"},
		{"cordon", corev1.PodSpec{}, node(cordoned), false, 3, "pods"},
		{"tolerated cordon", tolerant, node(cordoned), true, 3, "pods"},
		{"requests", requests("900m"), node(nil), true, 2, "cpu"},
		{"requests of nothing", requests("0"), node(nil), true, 3, "pods"},
		{"host port", corev1.PodSpec{Containers: ports(corev1.ContainerPort{ContainerPort: 80, HostPort: 8080})}, node(nil), true, 1, placement.HostPortLimit},
		{"host port of a sidecar", corev1.PodSpec{InitContainers: ports(corev1.ContainerPort{ContainerPort: 80, HostPort: 8080})}, node(nil), true, 1, placement.HostPortLimit},
		{"port in the network of the node", corev1.PodSpec{HostNetwork: true, Containers: ports(corev1.ContainerPort{ContainerPort: 80})}, node(nil), true, 1, placement.HostPortLimit},
		{"container port", corev1.PodSpec{Containers: ports(corev1.ContainerPort{ContainerPort: 80})}, node(nil), true, 3, "pods"},
	} {
		f := placement.NewFit(pod("shop", nil, c.spec))
		if got := f.Accepts(c.node); got != c.accepts {
			t.Errorf("%s: accepts %t, want %t", c.name, got, c.accepts)
		}
		if pods, limit := f.Capacity(c.node); pods != c.pods || limit != c.limit {
			t.Errorf("%s: capacity for %d by %s, want %d by %s", c.name, pods, limit, c.pods, c.limit)
		}
	}
}

// TestConditionTaints: taints that Kubernetes sets for the condition of a node are temporary.
func TestConditionTaints(t *testing.T) {
	for key, always := range map[string]bool{"control": true, corev1.TaintNodeUnschedulable: false, corev1.TaintNodeNotReady: false, "node.cloudprovider.kubernetes.io/uninitialized": false} {
		taint := &corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule}
		if !placement.KeepsOff(taint) || placement.KeepsOffAlways(taint) != always {
			t.Errorf("%s: keeps off %t, always %t; want true, %t", key, placement.KeepsOff(taint), placement.KeepsOffAlways(taint), always)
		}
	}
}

// TestCountsNode: which nodes a spread constraint counts, by its policies.
func TestCountsNode(t *testing.T) {
	honor, ignore := ptr.To(corev1.NodeInclusionPolicyHonor), ptr.To(corev1.NodeInclusionPolicyIgnore)
	tainted := &corev1.Node{Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "control", Effect: corev1.TaintEffectNoSchedule}}}}
	tainted.Labels = map[string]string{"disk": "ssd"}
	unlike := &corev1.Node{}
	for _, c := range []struct {
		affinity, taints *corev1.NodeInclusionPolicy
		tainted, unlike  bool
	}{{nil, nil, true, false}, {ignore, nil, true, true}, {honor, honor, false, false}, {ignore, honor, false, true}} {
		p := pod("shop", web, corev1.PodSpec{NodeSelector: map[string]string{"disk": "ssd"}, TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
			{TopologyKey: "rack", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector(web), NodeAffinityPolicy: c.affinity, NodeTaintsPolicy: c.taints}}})
		all, f := placement.Constraints(p, nil), placement.NewFit(p)
		if got := all[0].CountsNode(f, tainted, placement.KeepsOff); got != c.tainted {
			t.Errorf("%v: counts a tainted node: %t, want %t", p.Spec.TopologySpreadConstraints, got, c.tainted)
		}
		if got := all[0].CountsNode(f, unlike, placement.KeepsOff); got != c.unlike {
			t.Errorf("%v: counts a node without the label: %t, want %t", p.Spec.TopologySpreadConstraints, got, c.unlike)
		}
		if placement.HasKeys(tainted, all) || !placement.HasKeys(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"rack": "1"}}}, all) {
			t.Error("HasKeys: wrong for the topology key rack")
		}
	}
}

// TestNodeTerms: all requirements and preferences of a pod on labels and names of nodes.
func TestNodeTerms(t *testing.T) {
	in := func(key, value string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
	}
	term := func(r corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{r}}
	}
	spec := &corev1.PodSpec{NodeSelector: map[string]string{"disk": "ssd", "arch": "arm"}, Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution:  &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(in("zone", "a"))}},
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term(in("rack", "1"))}},
	}}}
	text := ""
	for _, term := range placement.NodeTerms(spec) {
		for _, r := range term.MatchExpressions {
			text += r.Key + "=" + r.Values[0] + " "
		}
	}
	if want := "zone=a rack=1 arch=arm disk=ssd "; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	for key, want := range map[string]bool{"zone": true, "disk": true, "rack": false} {
		if got := placement.RequiresNodeLabel(spec, key); got != want {
			t.Errorf("requires %s: %t, want %t", key, got, want)
		}
	}
	byName := &corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{in(metav1.ObjectNameField, "a")}}}}}}}
	if !placement.RequiresNodeLabel(byName, "zone") || len(placement.NodeTerms(&corev1.PodSpec{})) != 0 {
		t.Error("want every label required by a pod that selects its node by name, and no terms without requirements")
	}
}
