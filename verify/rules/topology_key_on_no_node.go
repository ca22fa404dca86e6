package rules

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A chart for many clusters may prefer zones and regions that this one does not have: that is no fault. A hard constraint
// over them is one, and so is anything over a label that is nobody's but the cluster's own.
var topologyKeyOnNoNode = &Rule{
	ID:       "topology-key-on-no-node",
	Protects: "Where no node has the label, a required spread leaves all pods waiting, and anti-affinity and preferences do nothing at all.",
	Fix:      "Use a label that the nodes have, or give them this one.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			for _, a := range keptApart(w) {
				usual := a.key == corev1.LabelTopologyZone || a.key == corev1.LabelTopologyRegion
				if len(g.domains(a.key)) == 0 && (a.hard || !usual) {
					find(a.at("topologyKey"), fmt.Sprintf("%s is over nothing: none of %s has that label", a.kind(), count(len(g.Nodes), "node")))
				}
			}
		}
	},
}
