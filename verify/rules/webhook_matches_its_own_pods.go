package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// A webhook with another workload behind the same Service may be served by it, so all of them must match. Matching conditions, and
// labels of a namespace that is not in the manifests, are unknown.
var webhookMatchesItsOwnPods = &Rule{
	ID:       "webhook-matches-its-own-pods",
	Severity: Warning,
	Protects: "Once no pod of a webhook is ready, the API server refuses to create one, because the webhook does not answer: it never comes back by itself, and no other pod that it applies to is created either.",
	Fix:      "Exclude the webhook's own namespace: namespaceSelector with key kubernetes.io/metadata.name, operator NotIn and the name of the namespace.",
	check: func(s *facts.System, report reporter) {
	webhooks:
		for _, w := range s.FailingWebhooks() {
			if len(w.Backends) == 0 {
				continue
			}
			for _, b := range w.Backends {
				if !s.MatchesCreationOf(w, b) {
					continue webhooks
				}
			}
			report(w.In("rules"), fmt.Sprintf("webhook %s applies to the creation of its own pods, those of %s", w.Name, facts.List(w.Backends)))
		}
	},
}
