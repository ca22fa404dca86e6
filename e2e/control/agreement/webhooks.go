package agreement

// WebhookPort is the port of the Services of webhooks.
const WebhookPort = 8443

// webhook makes a workload the server of a validating webhook that the API server calls for each new pod of the namespace, or for each of its own.
// It is created once the first pods are ready: without them, no pod would ever be admitted.
func webhook(s *System, d dice, w *draft) {
	s.Refused = true
	s.Objects = append(s.Objects, object{"apiVersion": "v1", "kind": "Service", "metadata": s.named(w.Name),
		"spec": object{"selector": object{"app": w.Name}, "ports": []any{object{"port": WebhookPort}}}})
	hook := object{
		"name": "pods.holdfast.example", "admissionReviewVersions": []any{"v1"}, "sideEffects": "None", "timeoutSeconds": 5,
		"clientConfig":      object{"service": object{"namespace": s.Name, "name": w.Name, "port": WebhookPort}},
		"rules":             []any{object{"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"pods"}}},
		"namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": s.Name}},
	}
	if d.in(60) {
		w.describe("serves a webhook for its own pods")
		hook["objectSelector"] = selectorOf(w.Name)
	} else {
		w.describe("serves a webhook for all pods of its namespace")
	}
	if d.in(30) {
		w.describe("failurePolicy Ignore")
		hook["failurePolicy"] = "Ignore"
	}
	s.Late = append(s.Late, object{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": object{"name": s.Name}, "webhooks": []any{hook}})
}
