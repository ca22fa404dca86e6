package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes a number that is written in the object.
var streamOutnumbersServers = &Rule{
	ID:       "stream-outnumbers-servers",
	Protects: "A stream with more replicas than there are servers is not made, and no event is taken.",
	Fix:      "As many replicas as servers at most: 3 on three, 1 on one.",
	check: func(s *workload.System, find func(Place, string)) {
		for o, st := range streams(s) {
			if st.replicas > st.servers {
				find(in(o, st.at...), fmt.Sprintf("wants a stream of %d replicas on %d servers", st.replicas, st.servers))
			}
		}
	},
}
