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
		lost := fmt.Sprintf("%s %d of %d", t.System, t.Webhook.Lost+t.Bus.Lost, t.Webhook.Acked+t.Bus.Acked)
		if n := e.lostByChoice(t.System); n > 0 {
			lost += fmt.Sprintf(" (%d in a failure that the profile does not survive)", n)
		}
		systems = append(systems, lost)
	}
	return fmt.Sprintf("Acknowledged events that were never delivered, in all rollouts, drains and failures on %d real nodes: %s.", e.Nodes, strings.Join(systems, "; "))
}

// lostByChoice counts the events that a system lost in failures after which its profile does not promise them.
func (e Evidence) lostByChoice(system string) (n int) {
	for _, r := range e.Results {
		if r.System == system && r.ByChoice {
			n += r.Webhook.Lost + r.Bus.Lost
		}
	}
	return n
}
