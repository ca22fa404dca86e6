package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only hard spread constraints are meant, of several pods, and a cluster that has more domains than the one. Pods that ask
// for a node by name or for the domain itself are where they should be. With minDomains they would wait instead:
// pods-outnumber-domains.
var spreadHasOneDomain = &Rule{
	ID:       "spread-has-one-domain",
	Protects: "A spread over nodes or zones of which only one takes the pods is kept by putting all of them there.",
	Fix:      "Let the pods onto nodes of other domains: give these the labels, or tolerate their taints.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			nodes := g.eligible(w)
			for _, a := range keptApart(w) {
				if a.spread == nil || !a.hard || !a.own() || w.Replicas < 2 || asksFor(w, a.key) || asksFor(w, cluster.HostLabel) {
					continue
				}
				if least := a.spread.MinDomains; least != nil && *least > 1 {
					continue
				}
				here, _ := domains(nodes, a.key)
				if there := g.domains(a.key); len(here) == 1 && len(there) > 1 {
					find(a.at("topologyKey"), fmt.Sprintf("of %s only %s takes its pods: all %d are there", count(len(there), "domain"), here[0], w.Replicas))
				}
			}
		}
	},
}
