package rules

import (
	"fmt"
	"strconv"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// The Service and its pods must be in the manifests. The default of failurePolicy is Fail.
var webhookHasOnePod = &Rule{
	ID:       "webhook-has-one-pod",
	Severity: Warning,
	Protects: "While the only pod of a webhook is unavailable, the API server refuses every object that the webhook applies to: nothing is created, changed or rolled out.",
	Fix:      "Run two or more pods behind the Service of the webhook, on different nodes. If the webhook is not about safety, set failurePolicy: Ignore.",
	check: func(s *facts.System, report reporter) {
		check := func(o *manifest.Object, i int, name string, policy *admissionv1.FailurePolicyType, client admissionv1.WebhookClientConfig) {
			if client.Service == nil || policy != nil && *policy != admissionv1.Fail {
				return
			}
			for _, service := range s.Services {
				if service.Name != client.Service.Name || !facts.SameNamespace(service.Namespace, client.Service.Namespace) {
					continue
				}
				if backends := s.Backends(service); len(backends) == 1 && backends[0].Replicas == 1 {
					report(facts.In(o, "webhooks", strconv.Itoa(i), "failurePolicy"), fmt.Sprintf("without the only pod of %s, webhook %s refuses every object", backends[0], name))
				}
			}
		}
		for o, c := range facts.Objects[admissionv1.ValidatingWebhookConfiguration](s, "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration") {
			for i, w := range c.Webhooks {
				check(o, i, w.Name, w.FailurePolicy, w.ClientConfig)
			}
		}
		for o, c := range facts.Objects[admissionv1.MutatingWebhookConfiguration](s, "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration") {
			for i, w := range c.Webhooks {
				check(o, i, w.Name, w.FailurePolicy, w.ClientConfig)
			}
		}
	},
}
