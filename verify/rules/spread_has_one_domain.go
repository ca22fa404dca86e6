package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only required topology spread of several pods is checked, on a cluster with more than one domain. Pods that require a node by
// name, or the domain itself, share it on purpose. With minDomains they are Pending, see pods-outnumber-domains.
var spreadHasOneDomain = &Rule{
	ID:       "spread-has-one-domain",
	Severity: Note,
	Protects: "Topology spread with one eligible domain has no effect: all pods run in that domain.",
	Fix:      "Make other domains eligible: add the required labels to their nodes, or tolerate their taints.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			eligible := nodes.Eligible(w)
			for _, c := range s.Constraints(w) {
				if c.Kind != placement.Spread || !c.Required || !c.SelectsOwn() || w.Replicas < 2 ||
					placement.RequiresNodeLabel(&w.Template.Spec, c.TopologyKey) || placement.RequiresNodeLabel(&w.Template.Spec, cluster.HostLabel) {
					continue
				}
				if minDomains := c.Spread.MinDomains; minDomains != nil && *minDomains > 1 {
					continue
				}
				values, _ := facts.LabelValues(eligible, c.TopologyKey)
				if all := nodes.AllValues(c.TopologyKey); len(values) == 1 && len(all) > 1 {
					report(c.In("topologyKey"), fmt.Sprintf("all %d pods share %s %s, the only eligible one of %d", w.Replicas, placement.DomainNoun(c.TopologyKey), values[0], len(all)))
				}
			}
		}
	},
}
