package evidence

import (
	"fmt"
	"strings"
)

// Sentence returns the losses of each system in the whole run as one sentence, for the README.
func (e Evidence) Sentence() string {
	var systems []string
	for _, t := range e.Totals {
		systems = append(systems, fmt.Sprintf("%d of %d by %s", t.Webhook.Lost+t.Bus.Lost, t.Webhook.Acked+t.Bus.Acked, t.System))
	}
	return fmt.Sprintf("Acknowledged events lost in rollouts, drains and failures on %d real nodes: %s.", e.Nodes, strings.Join(systems, "; "))
}
