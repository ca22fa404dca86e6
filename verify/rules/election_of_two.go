package rules

import (
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only an EventSource or Sensor with one active pod and an election on its EventBus is checked. On Kafka there is no election on
// the bus.
var electionOfTwo = &Rule{
	ID:       "election-of-two",
	Severity: Warning,
	Protects: "An election on the bus needs a majority of spec.replicas, and the majority of two is both. If one pod fails, the other is not elected until it is back.",
	Fix:      "Set the annotation events.argoproj.io/leader-election: k8s on the object itself, with a Role for Leases. Or run 3 replicas.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Election == argoevents.ByVote && w.Replicas == 2 {
				report(facts.In(w.Object, "spec", "replicas"), "2 pods elect the active one on the bus: the failure of either leaves no majority")
			}
		}
	},
}
