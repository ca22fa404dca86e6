package survival

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/simtest"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestUnmodelled: what is not simulated is named if the input has it, and only then.
func TestUnmodelled(t *testing.T) {
	const complete = "resources: {requests: {cpu: 1, memory: 1Gi}}, readinessProbe: {tcpSocket: {port: 80}}"
	whole := func(extra, pod string) string {
		return simtest.Container(complete, simtest.Workload("Deployment", "a", extra, pod))
	}
	object := func(text string) string { return whole("", "") + "\n---\n" + text }
	webhook := func(rest string) string {
		return object("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: x}, spec: {selector: {app: a}}}\n---\n" +
			"{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: h}, webhooks: [{name: h.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: a, namespace: x}}, rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}], " + rest + "}]}")
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {whole("", ""), ""},
		"no requests":             {strings.Replace(whole("", ""), "cpu: 1, ", "", 1), "Deployment a: containers without requests for CPU or memory take none"},
		"limits are requests":     {strings.Replace(whole("", ""), "requests", "limits", 1), ""},
		"no readiness probe":      {strings.Replace(whole("", ""), "readinessProbe", "livenessProbe", 1), "Deployment a: without a readiness probe, a pod counts as Ready"},
		"a Job":                   {"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}", ""},
		"OnDelete":                {strings.Replace(whole("updateStrategy: {type: OnDelete}", ""), "Deployment", "StatefulSet", 1), "StatefulSet a: with the update strategy OnDelete"},
		"paused":                  {whole("paused: true", ""), "Deployment a: paused, so a rollout replaces no pod"},
		"not Ready":               {whole("", "") + ofDeployment("p node-1 crash"), "Deployment a: pods that are not Ready now are assumed to stay so"},
		"Ready":                   {whole("", "") + ofDeployment("p node-1"), ""},
		"readiness gates":         {whole("", "readinessGates: [{conditionType: example.org/a}]"), "conditions of readinessGates"},
		"scheduling gates":        {whole("", "schedulingGates: [{name: example.org/a}]"), "schedulingGates are assumed"},
		"resource claims":         {whole("", "resourceClaims: [{name: gpu, resourceClaimTemplateName: gpu}]"), "devices of resourceClaims"},
		"another scheduler":       {whole("", "schedulerName: volcano"), "a scheduler of its own"},
		"a queue":                 {strings.Replace(whole("", ""), "labels: {app: a}", "labels: {app: a, kueue.x-k8s.io/queue-name: q}", 1), "pod groups and queues"},
		"a descheduler":           {strings.Replace(whole("", ""), "image: i", "image: 'registry.k8s.io/descheduler/descheduler:v0.34.0'", 1), "the descheduler is not simulated"},
		"an autoscaler":           {strings.Replace(whole("", ""), "image: i", "image: 'registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.0'", 1), "no node is added or removed"},
		"a vertical autoscaler":   {object("{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: v}}"), "VerticalPodAutoscaler v: a vertical autoscaler is not simulated"},
		"Karpenter":               {object("{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: p}}"), "NodePool p: Karpenter is not simulated"},
		"pod security":            {object("{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {pod-security.kubernetes.io/enforce: restricted}}}"), "Namespace x: Pod Security Admission"},
		"pod security is off":     {object("{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {pod-security.kubernetes.io/enforce: privileged}}}"), ""},
		"a quota of objects":      {object("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 9, services: 3, count/secrets: 4}}}"), "ResourceQuota q: its limits on count/secrets, services are not simulated."},
		"a quota of pods":         {object("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {pods: 9}}}"), "After a quota or a webhook has refused a pod"},
		"a quota of others":       {object("{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: x}, spec: {hard: {pods: 9}}}"), ""},
		"a webhook elsewhere":     {webhook("failurePolicy: Fail"), "webhook h.example.org of ValidatingWebhookConfiguration h: its pods are not in the input"},
		"a webhook that may fail": {webhook("failurePolicy: Ignore"), ""},
		"conditions":              {strings.ReplaceAll(webhook("matchConditions: [{name: a, expression: 'true'}]"), ", namespace: x}, spec", "}, spec"), "its matchConditions are assumed to match every pod"},
		"a namespace":             {strings.ReplaceAll(webhook("namespaceSelector: {matchLabels: {a: b}}"), ", namespace: x}, spec", "}, spec"), "Namespace x is not in the input"},
	} {
		s := verifytest.Read(t, "m.yaml", c.text)
		got := Assumptions(uniform(t, 3, 3), s)[2:] // the first two are about every cluster
		has := slices.ContainsFunc(got, func(text string) bool { return strings.Contains(text, c.want) })
		if c.want == "" && len(got) > 0 || c.want != "" && !has {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	var many string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		many += simtest.Workload("Deployment", name, "", "")
	}
	if got := strings.Join(unmodelled(verifytest.Read(t, "m.yaml", many)), "\n"); !strings.Contains(got, "Deployment a, Deployment b, Deployment c and 2 more: without a readiness probe") {
		t.Errorf("five workloads: %s", got)
	}
}
