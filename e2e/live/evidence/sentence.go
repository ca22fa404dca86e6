package evidence

import (
	"fmt"
	"strings"
)

// Sentence returns the losses of each system in the whole run as one sentence, for the README: the events that had not been
// delivered when the run ended.
func (e Evidence) Sentence() string {
	var systems []string
	for _, t := range e.Totals {
		systems = append(systems, fmt.Sprintf("%s %d of %d", t.System, t.Webhook.Lost+t.Bus.Lost, t.Webhook.Acked+t.Bus.Acked))
	}
	return fmt.Sprintf("Acknowledged events that were never delivered, in all rollouts, drains and failures on %d real nodes: %s.", e.Nodes, strings.Join(systems, "; "))
}
