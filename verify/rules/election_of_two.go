package rules

import (
	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes an EventSource or Sensor of which one pod works, and its EventBus: on Kafka nobody is elected on the bus.
var electionOfTwo = &Rule{
	ID:       "election-of-two",
	Protects: "An election on the bus takes a majority of spec.replicas, and the majority of two is both: when one goes, the other waits until it is back.",
	Fix:      "Annotation events.argoproj.io/leader-election: k8s on the object itself, with a Role for leases; or 3 replicas.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Election == argoevents.ByVote && w.Replicas == 2 {
				find(in(w.Object, "spec", "replicas"), "2 pods elect the one that works on the bus: without either of them nothing is elected")
			}
		}
	},
}
