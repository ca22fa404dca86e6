package guarantee_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// smallCluster returns a random cluster of a few nodes: with zones or without, some nodes with a taint or capacity for few pods.
func smallCluster(r *rand.Rand) cluster.Cluster {
	nodes := 2 + r.IntN(maxNodes-1)
	c, err := cluster.Uniform(nodes, r.IntN(nodes+1))
	if err != nil {
		panic(err)
	}
	for _, n := range c.Nodes {
		if r.IntN(5) == 0 {
			n.Status.Allocatable[corev1.ResourcePods] = *resource.NewQuantity(int64(1+r.IntN(3)), resource.DecimalSI)
		}
		if r.IntN(6) == 0 {
			n.Spec.Taints = []corev1.Taint{{Key: "dedicated", Effect: corev1.TaintEffectNoSchedule}}
		}
	}
	return c
}

// template returns a random pod template with required constraints.
func template(r *rand.Rand, app string) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}}}
	t.Spec.Containers = []corev1.Container{{Name: "c", Image: "c"}}
	if r.IntN(8) == 0 {
		t.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
	}
	if r.IntN(2) == 0 {
		t.Spec.Tolerations = []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}
	}
	if r.IntN(8) == 0 {
		t.Spec.NodeSelector = map[string]string{cluster.ZoneLabel: "zone-1"}
	}
	for range r.IntN(3) {
		c := corev1.TopologySpreadConstraint{MaxSkew: int32(1 + r.IntN(2)), TopologyKey: key(r), WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector(app)}
		if r.IntN(3) == 0 {
			c.MinDomains = ptr.To(int32(1 + r.IntN(3)))
		}
		if r.IntN(3) == 0 {
			c.NodeTaintsPolicy = ptr.To(corev1.NodeInclusionPolicyHonor)
		}
		if r.IntN(4) == 0 {
			c.NodeAffinityPolicy = ptr.To(corev1.NodeInclusionPolicyIgnore)
		}
		if r.IntN(3) == 0 {
			c.MatchLabelKeys = []string{"pod-template-hash"}
		}
		same := func(o corev1.TopologySpreadConstraint) bool { return o.TopologyKey == c.TopologyKey }
		if !slices.ContainsFunc(t.Spec.TopologySpreadConstraints, same) {
			t.Spec.TopologySpreadConstraints = append(t.Spec.TopologySpreadConstraints, c)
		}
	}
	if r.IntN(4) == 0 {
		term := corev1.PodAffinityTerm{TopologyKey: key(r), LabelSelector: selector(app)}
		if r.IntN(3) == 0 {
			term.MatchLabelKeys = []string{"pod-template-hash"}
		}
		t.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
	}
	return t
}

func key(r *rand.Rand) string { return []string{cluster.ZoneLabel, cluster.HostLabel}[r.IntN(2)] }

func selector(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

// deployment and set return a workload object for a template.
func deployment(name string, replicas, surge int, t corev1.PodTemplateSpec) any {
	return appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{Replicas: ptr.To(int32(replicas)), Selector: selector(t.Labels["app"]), Template: t,
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: ptr.To(intstr.FromInt(surge)), MaxUnavailable: ptr.To(intstr.FromInt(1))}}},
	}
}

func set(name string, replicas int, t corev1.PodTemplateSpec) any {
	return appsv1.StatefulSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{Replicas: ptr.To(int32(replicas)), Selector: selector(t.Labels["app"]), Template: t},
	}
}

// read returns the system of some objects.
func read(t testing.TB, objects ...any) *workload.System {
	t.Helper()
	var all []*manifest.Object
	for i, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, verifytest.Parse(t, fmt.Sprintf("%d.json", i), string(text))...)
	}
	return verifytest.System(t, all)
}

// random returns the random numbers of a seed.
func random(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0)) }
