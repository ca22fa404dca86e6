package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only buses of three servers or more are checked. If streamConfig has no replicas, the controller's own configuration applies to
// servers that it runs. For other servers the stream has one replica (argo-events, pkg/eventbus/jetstream/base).
var streamDiesWithServer = &Rule{
	ID:       "stream-dies-with-server",
	Severity: Warning,
	Protects: "A stream with one or two replicas stops with one server, and loses its events with the volume of that server, whatever the number of servers.",
	Fix:      "Set replicas: 3 in streamConfig. Argo Events never changes an existing stream: use nats stream edit.",
	check: func(s *facts.System, report reporter) {
		for o, st := range s.Streams() {
			if st.Servers >= 3 && st.Replicas < 3 && (st.Replicas > 0 || !st.Managed) {
				report(facts.In(o, st.Path...), fmt.Sprintf("has its stream on %d of %d servers", max(1, st.Replicas), st.Servers))
			}
		}
	},
}
