package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes three servers or more. Where the object says nothing the controller's own configuration does for servers that it
// runs, and nothing for others: then a stream has one replica (argo-events, pkg/eventbus/jetstream/base).
var streamDiesWithServer = &Rule{
	ID:       "stream-dies-with-server",
	Protects: "A stream of one or two replicas stops with one server, and loses its events with that server's disk, however many servers there are.",
	Fix:      "streamConfig with replicas: 3. Argo Events never changes a stream that is there: nats stream edit does.",
	check: func(s *workload.System, find func(Place, string)) {
		for o, st := range streams(s) {
			if st.servers >= 3 && st.replicas < 3 && (st.replicas > 0 || !st.own) {
				find(in(o, st.at...), fmt.Sprintf("has a stream of %d on %d servers", max(1, st.replicas), st.servers))
			}
		}
	},
}
