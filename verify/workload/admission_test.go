package workload

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestAdmission: LimitRanges and RuntimeClasses change the pods of their namespace.
func TestAdmission(t *testing.T) {
	deployment := func(container, pod string) string {
		return strings.NewReplacer("CONTAINER", container, "POD", pod).Replace(`
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: team}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {POD containers: [{name: c, image: i, CONTAINER}]}}}}
`)
	}
	limits := func(namespace, item string) string {
		return "---\n{apiVersion: v1, kind: LimitRange, metadata: {name: l, namespace: " + namespace + "}, spec: {limits: [{type: Container, " + item + "}]}}\n"
	}
	class := "---\n{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: vm}, handler: vm, overhead: {podFixed: {cpu: 250m}}, scheduling: {nodeSelector: {vm: 'true'}, tolerations: [{key: vm, operator: Exists}]}}\n"
	for name, c := range map[string]struct {
		text, requests, limits string // CPU
	}{
		"none":                       {deployment("", ""), "0", "0"},
		"defaults":                   {deployment("", "") + limits("team", "default: {cpu: 2}, defaultRequest: {cpu: 1}"), "1", "2"},
		"requests are the limits":    {deployment("", "") + limits("team", "default: {cpu: 2}"), "2", "2"},
		"limits are the maximum":     {deployment("", "") + limits("team", "max: {cpu: 2}"), "2", "2"},
		"of another namespace":       {deployment("", "") + limits("m", "default: {cpu: 2}"), "0", "0"},
		"own limits come first":      {deployment("resources: {limits: {cpu: 3}}", "") + limits("team", "default: {cpu: 2}, defaultRequest: {cpu: 1}"), "3", "3"},
		"own requests come first":    {deployment("resources: {requests: {cpu: 500m}}", "") + limits("team", "default: {cpu: 2}, defaultRequest: {cpu: 1}"), "500m", "2"},
		"memory does not change CPU": {deployment("", "") + limits("team", "default: {memory: 1Gi}"), "0", "0"},
	} {
		s, err := read(t, c.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := s.Workloads[0].Pod(0, 1).Spec.Containers[0].Resources
		if got.Requests.Cpu().String() != c.requests || got.Limits.Cpu().String() != c.limits {
			t.Errorf("%s: requests %s, limits %s; want %s, %s", name, got.Requests.Cpu(), got.Limits.Cpu(), c.requests, c.limits)
		}
	}
	s, err := read(t, deployment("", "runtimeClassName: vm, nodeSelector: {disk: ssd},")+class)
	if err != nil {
		t.Fatal(err)
	}
	spec := s.Workloads[0].Pod(0, 1).Spec
	tolerates := func(t corev1.Toleration) bool { return t.Key == "vm" }
	if spec.Overhead.Cpu().String() != "250m" || spec.NodeSelector["vm"] != "true" || spec.NodeSelector["disk"] != "ssd" || !slices.ContainsFunc(spec.Tolerations, tolerates) || len(s.Assumed) > 0 {
		t.Errorf("a RuntimeClass: %+v, assumed %v", spec, s.Assumed)
	}
	if s, err = read(t, deployment("", "runtimeClassName: vm,")); err != nil || len(s.Assumed) != 1 || !strings.HasPrefix(s.Assumed[0].Text, "RuntimeClass vm is not in the input") {
		t.Errorf("a RuntimeClass that is not in the input: %v %v", s.Assumed, err)
	}
}
