package checks

import "testing"

func TestWebhooks(t *testing.T) {
	hook := func(kind, fields string) string {
		return `{apiVersion: admissionregistration.k8s.io/v1, kind: ` + kind + `, metadata: {name: guard}, webhooks: [{name: guard.example.org, clientConfig: {service: {namespace: sys, name: guard}}, rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}], ` + fields + `}]}
---
`
	}
	slice := func(name string, nodes ...string) string {
		text := `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: ` + name + `, namespace: sys, labels: {kubernetes.io/service-name: guard}}, endpoints: [`
		for i, n := range nodes {
			text += `{addresses: ["10.0.0.` + string(rune('1'+i)) + `"], nodeName: ` + n + `, conditions: {ready: true}},`
		}
		return text + "]}\n---\n"
	}
	const own = `{apiVersion: v1, kind: Service, metadata: {name: guard, namespace: sys}, spec: {selector: {app: guard}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: guard-1, namespace: sys, labels: {app: guard}}, status: {phase: Running}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: sys, labels: {kubernetes.io/metadata.name: sys}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}}
---
`
	const others = "namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [sys]}]}"
	test(t, webhooks, []example{
		{"none", three, nil},
		{"fine", own + hook("ValidatingWebhookConfiguration", others) + slice("g", "a", "b"), nil},
		{"ignores failures", own + hook("MutatingWebhookConfiguration", "failurePolicy: Ignore"), nil},
		{"without endpoints", own + hook("MutatingWebhookConfiguration", others), []string{"fail MutatingWebhookConfiguration guard: webhook guard.example.org has no ready endpoint in Service sys/guard"}},
		{"without endpoints, perhaps", hook("MutatingWebhookConfiguration", "matchConditions: [{name: some, expression: 'true'}]"), []string{"warn MutatingWebhookConfiguration guard: webhook guard.example.org has no ready endpoint"}},
		{"for namespaces that do not exist", own + hook("MutatingWebhookConfiguration", "namespaceSelector: {matchLabels: {guard: 'yes'}}"), nil},
		{"one endpoint", own + hook("ValidatingWebhookConfiguration", others) + slice("g", "a"), []string{"warn ValidatingWebhookConfiguration guard: webhook guard.example.org has one ready endpoint"}},
		{"one node", own + hook("ValidatingWebhookConfiguration", others) + slice("g", "a", "a"), []string{"warn ValidatingWebhookConfiguration guard: webhook guard.example.org has all 2 ready endpoints of Service sys/guard on one node"}},
		{"its own pods", own + hook("ValidatingWebhookConfiguration", "failurePolicy: Fail") + slice("g", "a", "b"),
			[]string{"fail ValidatingWebhookConfiguration guard: webhook guard.example.org matches its own pods, such as Pod sys/guard-1"}},
		{"its own pods, perhaps", own + hook("ValidatingWebhookConfiguration", "matchConditions: [{name: some, expression: 'true'}]") + slice("g", "a", "b"),
			[]string{"warn ValidatingWebhookConfiguration guard: webhook guard.example.org matches its own pods"}},
		{"not its own pods, by their labels", own + hook("ValidatingWebhookConfiguration", "objectSelector: {matchLabels: {app: other}}") + slice("g", "a", "b"), nil},
		{"outside", `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: guard}, webhooks: [{name: guard.example.org, clientConfig: {url: "https://guard.example.org"}, rules: [{operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"]}]}]}`,
			[]string{"warn ValidatingWebhookConfiguration guard: webhook guard.example.org is outside of the cluster"}},
		{"of another resource", `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: guard}, webhooks: [{name: guard.example.org, clientConfig: {service: {namespace: sys, name: guard}}, rules: [{operations: [CREATE], apiGroups: [example.org], apiVersions: [v1], resources: [widgets]}]}]}`, nil},
	})
}
