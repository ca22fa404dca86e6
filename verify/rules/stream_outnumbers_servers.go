package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only replicas that the object sets are checked.
var streamOutnumbersServers = &Rule{
	ID:       "stream-outnumbers-servers",
	Severity: Error,
	Protects: "A stream with more replicas than servers cannot be created, and no event is accepted.",
	Fix:      "Use at most as many replicas as servers: 3 on three servers, 1 on one.",
	check: func(s *facts.System, report reporter) {
		for o, st := range s.Streams() {
			if st.Replicas > st.Servers {
				report(facts.In(o, st.Path...), fmt.Sprintf("has a stream with %d replicas, but the number of servers is %d", st.Replicas, st.Servers))
			}
		}
	},
}
