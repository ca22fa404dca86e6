package checks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/placement"
)

// nodesSchedulable finds cordoned nodes, and clusters or zones whose nodes accept no pod without a toleration.
var nodesSchedulable = Check{
	ID: "nodes-schedulable", Title: "Nodes accept pods: no cordons, and no zone has only tainted nodes", Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		for _, n := range s.Nodes {
			if n.Spec.Unschedulable {
				findings = append(findings, Finding{
					Status: Warn, Object: "Node " + n.Name, Message: "is cordoned: no new pod is scheduled there",
					Fix: "finish its maintenance, then kubectl uncordon " + n.Name,
				})
			}
		}
		workers := filter(s.Nodes, func(n *corev1.Node) bool { return !isReserved(n) })
		open := filter(workers, func(n *corev1.Node) bool { return taintOf(n) == nil })
		usable := filter(open, isUsable)
		if len(s.Nodes) > 0 && len(usable) == 0 {
			findings = append(findings, Finding{
				Status: Fail, Message: "no node is Ready and accepts pods without tolerations",
				Fix: "repair or uncordon nodes, remove taints, or add nodes",
			})
		}
		for _, zone := range zonesOf(workers) {
			in := func(n *corev1.Node) bool { return n.Labels[corev1.LabelTopologyZone] == zone }
			if len(filter(open, in)) == 0 {
				tainted := filter(workers, in)[0]
				findings = append(findings, Finding{
					Status: Warn, Object: "zone " + zone,
					Message: fmt.Sprintf("each node has a taint, such as %s of Node %s: pods without a toleration never run in this zone", taintOf(tainted).ToString(), tainted.Name),
					Fix:     "add a node without taints to the zone, or tolerations to the pods",
				})
			}
		}
		return fmt.Sprintf("%d of %s accept pods without tolerations", len(usable), count(len(s.Nodes), "node")), findings
	},
}

// taintOf returns the first lasting taint that keeps pods off a node, nil without one.
func taintOf(n *corev1.Node) *corev1.Taint {
	for i := range n.Spec.Taints {
		if placement.KeepsOffAlways(&n.Spec.Taints[i]) {
			return &n.Spec.Taints[i]
		}
	}
	return nil
}
