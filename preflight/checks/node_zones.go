package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// enoughZones is the number of zones in which a quorum survives the loss of one.
const enoughZones = 3

// nodeZones finds nodes without a zone, and too few zones with nodes for workloads.
var nodeZones = Check{
	ID: "node-zones", Title: "All nodes have a zone, and there are enough zones", Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		workers := filter(s.Nodes, func(n *corev1.Node) bool { return !isReserved(n) })
		zones := zonesOf(workers)
		if len(zones) == 0 {
			return "", []Finding{{
				Status: Warn, Message: fmt.Sprintf("no node has the label %s: nothing is spread over zones", corev1.LabelTopologyZone),
				Fix: "label each node with its zone. With one zone, use a profile that survives nodes only, such as multi-node",
			}}
		}
		var findings []Finding
		for _, n := range workers {
			if n.Labels[corev1.LabelTopologyZone] != "" {
				continue
			}
			findings = append(findings, Finding{
				Status: Fail, Object: "Node " + n.Name,
				Message: fmt.Sprintf("has no label %s, which other nodes have: pods that are spread over zones never run there", corev1.LabelTopologyZone),
				Fix:     fmt.Sprintf("kubectl label node %s %s=ZONE", n.Name, corev1.LabelTopologyZone),
			})
		}
		usable := zonesOf(filter(workers, isUsable))
		if len(usable) < enoughZones {
			findings = append(findings, Finding{
				Status: Warn, Message: fmt.Sprintf("%s with a Ready and schedulable node (%s): a quorum survives the loss of a zone only with %d zones", count(len(usable), "zone"), strings.Join(usable, ", "), enoughZones),
				Fix: "add nodes in other zones, or use a profile that survives nodes only",
			})
		}
		return fmt.Sprintf("%s: %s", count(len(zones), "zone"), some(zones)), findings
	},
}
