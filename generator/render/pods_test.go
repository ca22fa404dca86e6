package render_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// manyTolerations has event sources and sensors whose pods tolerate taints by every way of the values.
const manyTolerations = `
profile: multi-zone
leaf: {tolerations: [{key: leaf, operator: Exists}]}
sensor: {tolerations: [{key: default, operator: Exists, effect: NoSchedule}]}
eventSources:
  orders:
    template:
      tolerations:
        - {key: dedicated, operator: Equal, value: ingress, effect: NoSchedule}
        - {key: dedicated, operator: Equal, value: ingress, effect: NoExecute, tolerationSeconds: 600}
        - {key: dedicated, operator: Equal, value: egress, effect: NoSchedule}
        - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
  elsewhere:
    eventBusName: other
    template: {tolerations: [{key: elsewhere, operator: Exists}]}
    webhook: {created: {port: "12000", endpoint: /orders, method: POST}}
controller:
  tolerations:
    - {key: dedicated, operator: Equal, value: infra, effect: NoSchedule}
    - {key: dedicated, operator: Equal, value: infra, effect: NoExecute}
`

// TestTolerationsMergeByKeyEffectAndValue: one key may have several effects and values; the same toleration is replaced.
func TestTolerationsMergeByKeyEffectAndValue(t *testing.T) {
	five, thirty, long := int64(5), int64(30), int64(600)
	for object, want := range map[string][]corev1.Toleration{
		"EventSource orders": {
			{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &thirty},
			{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &five},
			{Key: "dedicated", Operator: "Equal", Value: "ingress", Effect: "NoSchedule"},
			{Key: "dedicated", Operator: "Equal", Value: "ingress", Effect: "NoExecute", TolerationSeconds: &long},
			{Key: "dedicated", Operator: "Equal", Value: "egress", Effect: "NoSchedule"},
		},
		"Deployment events-argo-events-controller": {
			{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &thirty},
			{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &thirty},
			{Key: "dedicated", Operator: "Equal", Value: "infra", Effect: "NoSchedule"},
			{Key: "dedicated", Operator: "Equal", Value: "infra", Effect: "NoExecute"},
		},
	} {
		expectTolerations(t, object, want)
	}
}

// TestLeafToleratesItsClients: the leaf has the tolerations of all event sources and sensors of its bus, without a limit of time.
func TestLeafToleratesItsClients(t *testing.T) {
	expectTolerations(t, "DaemonSet events-argo-events-leaf", []corev1.Toleration{
		{Key: "leaf", Operator: "Exists"},
		{Key: "default", Operator: "Exists", Effect: "NoSchedule"},
		{Key: "dedicated", Operator: "Equal", Value: "ingress", Effect: "NoSchedule"},
		{Key: "dedicated", Operator: "Equal", Value: "ingress", Effect: "NoExecute"},
		{Key: "dedicated", Operator: "Equal", Value: "egress", Effect: "NoSchedule"},
	})
}

// expectTolerations compares the tolerations of an object of manyTolerations, in any order.
func expectTolerations(t *testing.T, object string, want []corev1.Toleration) {
	t.Helper()
	var resource struct {
		Spec struct{ Template corev1.PodSpec }
	}
	var workload appsv1.Deployment
	text := objectText(t, manyTolerations, object)
	for _, into := range []any{&resource, &workload} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	text = string(must(yaml.Marshal(inOrder(append(resource.Spec.Template.Tolerations, workload.Spec.Template.Spec.Tolerations...)))))
	if wanted := string(must(yaml.Marshal(inOrder(want)))); text != wanted {
		t.Errorf("%s: got tolerations\n%swant\n%s", object, text, wanted)
	}
}

func inOrder(tolerations []corev1.Toleration) []corev1.Toleration {
	return slices.SortedFunc(slices.Values(tolerations), func(a, b corev1.Toleration) int {
		return slices.Compare([]string{a.Key, a.Value, string(a.Effect)}, []string{b.Key, b.Value, string(b.Effect)})
	})
}

// objectText renders values merged into oneOfEach, and returns the text of an object, "Kind name".
func objectText(t *testing.T, values, object string) string {
	t.Helper()
	objects, err := rendered(t, values, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.Kind+" "+o.Name == object {
			return o.Text
		}
	}
	t.Fatalf("no %s is rendered", object)
	return ""
}
