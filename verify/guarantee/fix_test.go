package guarantee_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

var (
	spreadText = regexp.MustCompile(`^(?:add a|change the) required topology spread over (\S+): maxSkew 1, minDomains (\d+), nodeTaintsPolicy Honor`)
	antiText   = regexp.MustCompile(`^add required anti-affinity on ([a-z./]+)`)
)

// apply changes a pod template as the text of a fix says.
func apply(t *testing.T, fix string, pods *corev1.PodTemplateSpec) {
	t.Helper()
	var keys []string
	if strings.Contains(fix, "matchLabelKeys [pod-template-hash]") {
		keys = []string{"pod-template-hash"}
	}
	if m := spreadText.FindStringSubmatch(fix); m != nil {
		least, _ := strconv.Atoi(m[2]) // the pattern has digits only
		pods.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: m[1], MinDomains: ptr.To(int32(least)), WhenUnsatisfiable: corev1.DoNotSchedule,
			NodeTaintsPolicy: ptr.To(corev1.NodeInclusionPolicyHonor), LabelSelector: selector("a"), MatchLabelKeys: keys}}
		return
	}
	m := antiText.FindStringSubmatch(fix)
	if m == nil {
		t.Fatalf("the fix is no constraint: %q", fix)
	}
	if strings.Contains(fix, "in place of the topology spread") {
		pods.Spec.TopologySpreadConstraints = nil
	}
	antiAffinity(strings.TrimSuffix(m[1], "."), keys...)(pods)
}

// found are the IDs of the rules that find a fault.
func found(s *workload.System, c cluster.Cluster) []string {
	var all []string
	for _, f := range rules.Check(s, c) {
		all = append(all, f.Rule.ID)
	}
	return all
}

// TestFix: the printed fix proves node failures, drains and rollouts of a workload, with and without autoscaler, budget and a spread
// that proves too little. No rule finds a fault in it that was not there before.
func TestFix(t *testing.T) {
	three, err := cluster.Uniform(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	three.Counted, three.Given = true, []cluster.Domain{cluster.Node}
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		for _, most := range []int32{0, 3, 10} {
			for _, budget := range []bool{false, true} {
				for _, spreads := range []bool{false, true} {
					for _, replicas := range []int{2, 3} {
						pods := podTemplate()
						if spreads {
							spread(func(c *corev1.TopologySpreadConstraint) { c.TopologyKey = cluster.HostLabel })(&pods)
						}
						of := func() (guarantee.Guarantee, []string) {
							creator := set("a", replicas, pods)
							if kind == "Deployment" {
								d := deployment("a", replicas, 1, pods).(appsv1.Deployment)
								d.Spec.Strategy.RollingUpdate.MaxUnavailable = ptr.To(intstr.FromInt(0))
								creator = d
							}
							objects := []any{creator}
							if most > 0 {
								objects = append(objects, autoscalingv2.HorizontalPodAutoscaler{
									TypeMeta: metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}, ObjectMeta: metav1.ObjectMeta{Name: "a"},
									Spec: autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To(int32(replicas)), MaxReplicas: most,
										ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: kind, Name: "a"}}})
							}
							if budget {
								objects = append(objects, policyv1.PodDisruptionBudget{TypeMeta: metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}, ObjectMeta: metav1.ObjectMeta{Name: "a"},
									Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: ptr.To(intstr.FromInt(1)), Selector: selector("a")}})
							}
							system := read(t, objects...)
							return guarantee.Of(three, system)[0], found(system, three)
						}
						before, old := of()
						if before.Failures[0].Serves && before.Drain.Serves && before.Drain.Completes {
							continue
						}
						fix := before.Failures[0].Fix
						if fix == "" {
							fix = before.Drain.Fix
						}
						apply(t, fix, &pods)
						after, findings := of()
						if !after.Failures[0].Serves || !after.Drain.Serves || !after.Drain.Completes || !after.Rollout.Serves || !after.Rollout.Completes || !after.SteadyState.Completes {
							t.Errorf("%s of %d, at most %d, budget %v, spread %v: %q proves too little: failure %+v, drain %+v, rollout %+v", kind, replicas, most, budget, spreads, fix, after.Failures[0], after.Drain, after.Rollout)
						}
						if fresh := slices.DeleteFunc(findings, func(f string) bool { return slices.Contains(old, f) }); len(fresh) > 0 {
							t.Errorf("%s of %d, at most %d, budget %v, spread %v: %q leads to %v", kind, replicas, most, budget, spreads, fix, fresh)
						}
					}
				}
			}
		}
	}
}
