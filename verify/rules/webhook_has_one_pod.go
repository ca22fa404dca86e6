package rules

import (
	"fmt"
	"strconv"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes the Service and what is behind it. A webhook that fails is refused by default, as the API has it.
var webhookHasOnePod = &Rule{
	ID:       "webhook-has-one-pod",
	Protects: "While the only pod of a webhook is away, the API server refuses every object it is asked about: nothing is made, changed or rolled.",
	Fix:      "Two or more pods behind the webhook's Service, on different nodes; or failurePolicy: Ignore where it is not about safety.",
	check: func(s *workload.System, find func(Place, string)) {
		fails := func(o *manifest.Object, i int, name string, policy *admissionv1.FailurePolicyType, client admissionv1.WebhookClientConfig) {
			if client.Service == nil || policy != nil && *policy != admissionv1.Fail {
				return
			}
			for _, service := range s.Services {
				if service.Name != client.Service.Name || !sameNamespace(service.Namespace, client.Service.Namespace) {
					continue
				}
				if by := behind(s, service); len(by) == 1 && by[0].Replicas == 1 {
					find(in(o, "webhooks", strconv.Itoa(i), "failurePolicy"), fmt.Sprintf("webhook %s fails what it is asked about without the one pod of %s", name, by[0]))
				}
			}
		}
		for o, c := range every[admissionv1.ValidatingWebhookConfiguration](s, "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration") {
			for i, w := range c.Webhooks {
				fails(o, i, w.Name, w.FailurePolicy, w.ClientConfig)
			}
		}
		for o, c := range every[admissionv1.MutatingWebhookConfiguration](s, "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration") {
			for i, w := range c.Webhooks {
				fails(o, i, w.Name, w.FailurePolicy, w.ClientConfig)
			}
		}
	},
}
