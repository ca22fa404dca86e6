package render_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
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

// everyObject renders all objects with pods: both ways to run the bus, a migration and the tests.
var everyObject = []string{
	`{profile: multi-node}`,
	`{profile: multi-node, eventBus: {mode: native}}`,
	`{profile: multi-node, migration: {from: single-node, id: one}}`,
	`{profile: multi-node, eventBus: {mode: kafka, kafka: {url: "kafka:9092"}}, ingresses: {orders: {hosts: [a.example.org]}}, httpRoutes: {orders: {parentRefs: [{name: public}]}}}`,
}

// TestCommonMetadata: every object and every pod has the common labels and annotations, and no selector has them.
func TestCommonMetadata(t *testing.T) {
	const common = `{commonLabels: {team: events}, commonAnnotations: {example.org/owner: platform}}`
	eachObject(t, common, func(t *testing.T, o manifest.Object, object map[string]any) {
		holders := []any{object, in(object, "spec", "template"), in(object, "spec", "jetstream")}
		for _, holder := range holders {
			if holder == nil {
				continue
			}
			if in(holder, "metadata", "labels", "team") != "events" || in(holder, "metadata", "annotations", "example.org/owner") != "platform" {
				t.Errorf("%s %s has metadata %v", o.Kind, o.Name, in(holder, "metadata"))
			}
		}
		for _, selector := range []any{in(object, "spec", "selector"), in(object, "spec", "podSelector")} {
			if strings.Contains(string(must(yaml.Marshal(selector))), "team") {
				t.Errorf("%s %s selects by %v", o.Kind, o.Name, selector)
			}
		}
	})
}

// TestImagePullSecrets: every pod has the pull secrets, also those that the Argo Events controller creates.
func TestImagePullSecrets(t *testing.T) {
	pods := 0
	eachObject(t, `{imagePullSecrets: [{name: mirror}]}`, func(t *testing.T, o manifest.Object, object map[string]any) {
		var secrets any
		switch o.Kind {
		case "Deployment", "StatefulSet", "DaemonSet", "Job":
			secrets = in(object, "spec", "template", "spec", "imagePullSecrets")
		case "EventSource", "Sensor":
			secrets = in(object, "spec", "template", "imagePullSecrets")
		case "Pod":
			secrets = in(object, "spec", "imagePullSecrets")
		case "EventBus":
			if in(object, "spec", "jetstream") == nil {
				return
			}
			secrets = in(object, "spec", "jetstream", "imagePullSecrets")
		default:
			return
		}
		pods++
		if secrets == nil {
			t.Errorf("%s %s has no imagePullSecrets", o.Kind, o.Name)
		}
	})
	if pods < 20 {
		t.Errorf("only %d objects with pods were rendered", pods)
	}
}

// TestConfigChangesRollPods: a change of a configuration file rolls its pods, also by an override; a change of a Job gives it another name.
func TestConfigChangesRollPods(t *testing.T) {
	checksum := regexp.MustCompile(`checksum/config: (.*)`)
	of := func(values, object string) string { return checksum.FindString(objectText(t, values, object)) }
	bootstrap := func(values string) string {
		for _, o := range must(rendered(t, values, "")) {
			if o.Kind == "Job" && strings.Contains(o.Name, "bootstrap") {
				return o.Name
			}
		}
		t.Fatal("no bootstrap Job is rendered")
		return ""
	}
	for _, c := range []struct{ object, values string }{
		{"StatefulSet events-argo-events-bus-standalone", `{overrides: {ConfigMap/bus: {data: {nats.conf: "port: 4222"}}}}`},
		{"StatefulSet events-argo-events-bus-standalone", `{bus: {config: {max_connections: 7}}}`},
		{"Deployment events-argo-events-controller", `{overrides: {ConfigMap/controller: {data: {controller-config.yaml: "a: b"}}}}`},
	} {
		if of(`{}`, c.object) == of(c.values, c.object) {
			t.Errorf("%s does not roll %s", c.values, c.object)
		}
	}
	object := "StatefulSet events-argo-events-bus-standalone"
	if of(`{}`, object) != of(`{overrides: {ConfigMap/bus: {metadata: {labels: {a: b}}}}}`, object) {
		t.Error("a label of the ConfigMap rolls the pods")
	}
	for _, values := range []string{`{overrides: {ConfigMap/bootstrap: {data: {bootstrap.sh: "true"}}}}`, `{overrides: {Job/bootstrap: {spec: {backoffLimit: 3}}}}`, `{commonLabels: {a: b}}`} {
		if bootstrap(`{}`) == bootstrap(values) {
			t.Errorf("%s changes the bootstrap Job and not its name", values)
		}
	}
}

// eachObject calls check with every object of everyObject, rendered with values added.
func eachObject(t *testing.T, values string, check func(*testing.T, manifest.Object, map[string]any)) {
	t.Helper()
	for _, base := range everyObject {
		all := string(must(yaml.Marshal(over(decoded(t, base), decoded(t, values)))))
		for _, o := range must(rendered(t, all, "")) {
			check(t, o, decoded(t, o.Text))
		}
	}
}

// in returns the value at a path of keys, or nil.
func in(value any, keys ...string) any {
	for _, key := range keys {
		m, _ := value.(map[string]any)
		value = m[key]
	}
	return value
}
