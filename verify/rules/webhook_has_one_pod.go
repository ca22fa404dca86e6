package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// The Service and its pods must be in the manifests. The webhooks of a configuration with the same pod are one fault.
var webhookHasOnePod = &Rule{
	ID:       "webhook-has-one-pod",
	Severity: Warning,
	Protects: "While the only pod of a webhook is unavailable, the API server refuses every object that the webhook applies to: nothing is created, changed or rolled out.",
	Fix:      "Run two or more pods behind the Service of the webhook, on different nodes. If the webhook is not about safety, set failurePolicy: Ignore.",
	check: func(s *facts.System, report reporter) {
		type cause struct {
			configuration *manifest.Object
			pod           *workload.Workload
		}
		var causes []cause
		webhooks := map[cause][]facts.Webhook{}
		for _, w := range s.FailingWebhooks() {
			if len(w.Backends) != 1 || w.Backends[0].Replicas != 1 {
				continue
			}
			c := cause{w.Configuration, w.Backends[0]}
			if webhooks[c] == nil {
				causes = append(causes, c)
			}
			webhooks[c] = append(webhooks[c], w)
		}
		for _, c := range causes {
			all := webhooks[c]
			names := make([]string, len(all))
			for i, w := range all {
				names[i] = w.Name
			}
			message := fmt.Sprintf("without the only pod of %s, webhook %s refuses every object", c.pod, names[0])
			if len(all) > 1 {
				message = fmt.Sprintf("without the only pod of %s, %d webhooks refuse every object: %s", c.pod, len(all), facts.Names(names))
			}
			report(all[0].In("failurePolicy"), message)
		}
	},
}
