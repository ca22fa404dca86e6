package rules

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// A chart for many clusters may prefer zones and regions that this cluster does not have. That is no fault. A required constraint
// on them is one, and so is any constraint on a label of the cluster's own.
var topologyKeyOnNoNode = &Rule{
	ID:       "topology-key-on-no-node",
	Severity: Note,
	Protects: "If no node has the label, required topology spread keeps all pods Pending, and anti-affinity and preferences have no effect.",
	Fix:      "Use a label that the nodes have, or add this one to them.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range s.Constraints(w) {
				wellKnown := c.TopologyKey == corev1.LabelTopologyZone || c.TopologyKey == corev1.LabelTopologyRegion
				if len(nodes.AllValues(c.TopologyKey)) == 0 && (c.Required || !wellKnown) {
					report(c.In("topologyKey"), fmt.Sprintf("%s: none of %s has this label", c, facts.Count(len(nodes.Nodes), "node")))
				}
			}
		}
	},
}
