package checks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// nodeNames finds nodes without a host name label of their own. The scheduler counts nodes with the same value as one domain, and
// ignores nodes without the label for spread constraints and affinity on it.
var nodeNames = Check{
	ID: "node-hostnames", Title: "Each node has its own label " + corev1.LabelHostname, Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		first := map[string]string{}
		for _, n := range s.Nodes {
			value := n.Labels[corev1.LabelHostname]
			fix := fmt.Sprintf("kubectl label node %s %s=%s --overwrite", n.Name, corev1.LabelHostname, n.Name)
			switch other := first[value]; {
			case value == "":
				findings = append(findings, Finding{
					Status: Fail, Object: "Node " + n.Name, Fix: fix,
					Message: fmt.Sprintf("has no label %s: pods that are spread over nodes by it never run there", corev1.LabelHostname),
				})
			case other != "":
				findings = append(findings, Finding{
					Status: Fail, Object: "Node " + n.Name, Fix: fix,
					Message: fmt.Sprintf("has the label %s=%s of Node %s: for pods that are spread over nodes, both are one node", corev1.LabelHostname, value, other),
				})
			default:
				first[value] = n.Name
			}
		}
		return count(len(s.Nodes), "node") + " with distinct host names", findings
	},
}
