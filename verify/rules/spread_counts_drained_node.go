package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A drain cordons the node, and topology spread with nodeTaintsPolicy Ignore, the default, counts its domain as one with fewer and
// fewer pods (kubernetes/kubernetes#106127, #106417). The others may exceed it by maxSkew only, and pods that find no place among
// them count as disrupted. Only a node that is alone in its domain is checked, with pods that are spread evenly before the drain.
var spreadCountsDrainedNode = &Rule{
	ID:       "spread-counts-drained-node",
	Severity: Warning,
	Protects: "By default, topology spread counts a drained node as an empty domain, no other may exceed it by more than maxSkew, and evicted pods stay Pending. With a budget the drain never ends.",
	Fix:      "Set nodeTaintsPolicy: Honor. The scheduler then does not count the cordoned node.",
	byNumber: true,
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		allowed := map[*workload.Workload]int{}
		for _, b := range s.DisruptionBudgets() {
			if len(b.Workloads) == 1 {
				allowed[b.Workloads[0]] = b.AllowedDisruptions()
			}
		}
		for _, w := range s.Workloads {
			budget, ok := allowed[w]
			if !ok || budget == 0 || w.Kind != workload.Deployment && w.Kind != workload.StatefulSet {
				continue
			}
			for _, c := range s.Constraints(w) {
				if c.Kind != placement.Spread || !c.Required || !c.SelectsOwn() {
					continue
				}
				domains, ok := nodes.DomainsWithDrainedNode(c)
				if left := leftByDrain(w.Replicas, domains, int(c.Spread.MaxSkew), budget); ok && left > 0 {
					noun := placement.DomainNoun(c.TopologyKey)
					report(c.In("topologyKey"), fmt.Sprintf("%s counts a drained node: on %s with %d pods, a drain that may disrupt %d leaves %d on the node for ever", c, facts.Count(domains, noun), w.Replicas, budget, left))
				}
			}
		}
	},
}

// leftByDrain returns how many pods stay on a drained node that is the only one of its domain, with pods that are spread evenly. A
// pod is evicted while fewer pods are Pending than the budget allows, and a domain accepts a pod if it then has at most maxSkew more
// than the one with the fewest.
func leftByDrain(pods, domains, maxSkew, budget int) int {
	if domains < 2 {
		return 0
	}
	count := make([]int, domains)
	for i := range pods {
		count[i%domains]++
	}
	pending := 0
	for count[0] > 0 && pending < budget {
		count[0]--
		pending++
		for pending > 0 {
			emptiest := 1
			for i := range count {
				if i > 0 && count[i] < count[emptiest] {
					emptiest = i
				}
			}
			if count[emptiest]+1-min(count[0], count[emptiest]) > maxSkew {
				break
			}
			count[emptiest]++
			pending--
		}
	}
	return count[0]
}
