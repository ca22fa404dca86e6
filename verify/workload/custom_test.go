package workload

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestArgoEvents reads a system in which the controller of custom resources creates all pods.
func TestArgoEvents(t *testing.T) {
	s, err := read(t, `
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: elected, namespace: ns}
spec:
  replicas: 3
  template:
    nodeSelector: {disk: fast}
    container: {resources: {requests: {cpu: 100m}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: leased, namespace: ns, annotations: {events.argoproj.io/leader-election: k8s}}, spec: {replicas: 2}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: shared, namespace: ns}, spec: {replicas: 2, eventBusName: kafka}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: elsewhere, namespace: elsewhere}, spec: {replicas: 2}}
---
{apiVersion: argoproj.io/v1alpha1, kind: EventSource, metadata: {name: hooks, namespace: ns}, spec: {webhook: {a: {}}, service: {ports: [{port: 12000}]}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: EventSource, metadata: {name: times, namespace: ns}, spec: {replicas: 2, calendar: {a: {}}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: default, namespace: ns}, spec: {jetstream: {version: "2"}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: small, namespace: ns}, spec: {jetstream: {version: "2", replicas: 1}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: EventBus, metadata: {name: kafka, namespace: ns}, spec: {kafka: {url: x}}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w, namespace: ns}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetReplication(map[string]string{"EventSource/hooks": "single"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range s.Workloads {
		r := w.Replication
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s %v %d %s", w, w.Kind, w.Name, w.Replicas, r.Model, r.Assumed, r.Needs(w.Replicas), w.Election)))
		if r.Why == "" || w.Selector == nil {
			t.Errorf("%s: why %q, selector %v", w, r.Why, w.Selector)
		}
	}
	want := []string{
		"Sensor elsewhere/elsewhere Deployment elsewhere-sensor 2 elected true 2",
		"Sensor ns/elected Deployment elected-sensor 3 elected false 2 vote",
		"EventBus ns/default StatefulSet eventbus-default-js 3 quorum false 2",
		"EventBus ns/small StatefulSet eventbus-small-js 1 single false 1",
		"EventSource ns/hooks Deployment hooks-eventsource 1 single false 1",
		"Sensor ns/leased Deployment leased-sensor 2 standby false 1 lease",
		"Sensor ns/shared Deployment shared-sensor 2 stateless false 1",
		"EventSource ns/times Deployment times-eventsource 2 elected false 2 vote",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var services []string
	for _, service := range s.Services {
		services = append(services, service.Name)
	}
	if want := []string{"eventbus-default-js-svc", "eventbus-small-js-svc", "hooks-eventsource-svc"}; !slices.Equal(services, want) {
		t.Errorf("services %v, want %v", services, want)
	}
	if len(s.Unsupported) != 1 || s.Unsupported[0].Kind != "Workflow" {
		t.Errorf("unsupported: %v", s.Unsupported)
	}
	if len(s.Assumed) != 2 || s.Assumed[0].Text != "EventBus default is not in the manifests: assumed to be a NATS bus" ||
		s.Assumed[1].Text != "its servers at x are not in the manifests: assumed to survive every failure" {
		t.Errorf("assumed: %+v", s.Assumed)
	}
	elected := s.Workloads[1]
	if elected.At("spec", "nodeSelector") != "m.yaml:8" || elected.At("metadata", "labels") != "m.yaml:7" {
		t.Errorf("the position of the node selector is %s, of labels %s", elected.At("spec", "nodeSelector"), elected.At("metadata", "labels"))
	}
	p := elected.Pod(1, 1)
	if p.Labels["sensor-name"] != "elected" || p.Spec.NodeSelector["disk"] != "fast" || p.Spec.Containers[0].Resources.Requests.Cpu().String() != "100m" {
		t.Errorf("pod %v %v %v", p.Labels, p.Spec.NodeSelector, p.Spec.Containers[0].Resources)
	}
}

const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {REPLICAS` + pods + `}}
---
`

func TestAutoscalers(t *testing.T) {
	const hpa = `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, BOUNDS}}`
	for _, c := range []struct{ about, replicas, text, want string }{
		{"no autoscaler", "replicas: 4, ", "{apiVersion: v1, kind: Secret, metadata: {name: s}}", "4 4..4 surge 1"},
		{"the minimum", "replicas: 4, ", strings.ReplaceAll(hpa, "BOUNDS", "minReplicas: 8, maxReplicas: 12"), "8 8..12 surge 2 by h"},
		{"the default minimum is 1", "", strings.ReplaceAll(hpa, "BOUNDS", "maxReplicas: 12"), "1 1..12 surge 1 by h"},
		{"zero replicas disable it", "replicas: 0, ", strings.ReplaceAll(hpa, "BOUNDS", "maxReplicas: 12"), "0 0..0 surge 0: Deployment web has 0 replicas, which disables the autoscaler"},
		{"two autoscalers", "replicas: 3, ", strings.ReplaceAll(hpa+"\n---\n"+strings.Replace(hpa, "name: h}", "name: i}", 1), "BOUNDS", "maxReplicas: 12"),
			"3 3..3 surge 1: HorizontalPodAutoscaler h scales Deployment web as well: the controller ignores both autoscalers"},
		{"an autoscaler of another workload", "replicas: 3, ", strings.ReplaceAll(strings.Replace(hpa, "name: web", "name: api", 1), "BOUNDS", "maxReplicas: 12"), "3 3..3 surge 1: scales Deployment api, which is not in the manifests"},
		{"a target in another API group", "replicas: 3, ", strings.ReplaceAll(strings.Replace(hpa, "Ref: {apiVersion: apps/v1", "Ref: {apiVersion: v1", 1), "BOUNDS", "maxReplicas: 12"), "3 3..3 surge 1: scales Deployment web, which is not in the manifests"},
	} {
		s, err := read(t, strings.Replace(web, "REPLICAS", c.replicas, 1)+c.text)
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		w := s.Workloads[0]
		got := fmt.Sprintf("%d %d..%d surge %d", w.Replicas, w.Min, w.Max, w.Rollout.MaxSurge)
		if w.Autoscaler != nil {
			got += " by " + w.Autoscaler.Name
		}
		for _, a := range s.Assumed {
			got += ": " + a.Text
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.about, got, c.want)
		}
	}
}

func TestPriorities(t *testing.T) {
	const classes = `
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000, preemptionPolicy: Never}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: default}, value: 10, globalDefault: true}
---
`
	for _, c := range []struct{ classes, spec, want string }{
		{"", "", `"" 0 PreemptLowerPriority 0`},
		{classes, "", `"default" 10 PreemptLowerPriority 0`},
		{classes, "priorityClassName: high, ", `"high" 1000 Never 0`},
		{classes, "priorityClassName: high, priority: 1000, ", `"high" 1000 Never 0`},
		{"", "priorityClassName: system-node-critical, ", `"system-node-critical" 2000001000 PreemptLowerPriority 0`},
		{"", "priorityClassName: theirs, ", `"theirs" 0 PreemptLowerPriority 1`},
		{"", "priorityClassName: theirs, priority: 7, ", `"theirs" 7 PreemptLowerPriority 1`},
		{classes, "priorityClassName: high, priority: 1, ", "m.yaml:6: Deployment web: spec.template.spec.priority: is 1, but the PriorityClass has 1000, which the API server rejects: remove the field"},
		{classes, "preemptionPolicy: Never, ", "m.yaml:6: Deployment web: spec.template.spec.preemptionPolicy: is Never, but the PriorityClass has PreemptLowerPriority, which the API server rejects: remove the field"},
	} {
		s, err := read(t, c.classes+strings.Replace(strings.Replace(web, "REPLICAS", "", 1), "spec: {containers", "spec: {"+c.spec+"containers", 1))
		got := fmt.Sprint(err)
		if err == nil {
			p := s.Workloads[0].Pod(0, 1).Spec
			got = fmt.Sprintf("%q %d %s %d", p.PriorityClassName, *p.Priority, *p.PreemptionPolicy, len(s.Assumed))
		}
		if got != c.want {
			t.Errorf("%s%s:\ngot  %s\nwant %s", c.classes, c.spec, got, c.want)
		}
	}
}
