package checks

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// nodesReady finds nodes that are not Ready or report a problem in a condition.
var nodesReady = Check{
	ID: "nodes-ready", Title: "All nodes are Ready and report no pressure", Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		if len(s.Nodes) == 0 {
			return "", []Finding{{Status: Fail, Message: "the cluster has no nodes", Fix: "add nodes"}}
		}
		var findings []Finding
		for _, n := range s.Nodes {
			findings = append(findings, nodeConditions(n)...)
		}
		return fmt.Sprintf("%s Ready, no pressure", count(len(s.Nodes), "node")), findings
	},
}

// problems are the conditions of a node that are True while it has a problem, and what they cause.
var problems = []struct {
	condition corev1.NodeConditionType
	effect    string
}{
	{corev1.NodeMemoryPressure, "the kubelet evicts pods, and only pods with memory requests are scheduled there"},
	{corev1.NodeDiskPressure, "the kubelet evicts pods, and no pod is scheduled there"},
	{corev1.NodePIDPressure, "the kubelet evicts pods, and no pod is scheduled there"},
	{corev1.NodeNetworkUnavailable, "no pod is scheduled there"},
}

func nodeConditions(n *corev1.Node) (findings []Finding) {
	object := "Node " + n.Name
	fix := "kubectl describe node " + n.Name + ": repair the node, or drain and replace it"
	if c := condition(n, corev1.NodeReady); c.Status != corev1.ConditionTrue {
		message := "has no condition Ready: its kubelet has never reported"
		if c.Status != "" {
			message = fmt.Sprintf("is not Ready (%s)", cmp.Or(c.Message, c.Reason, string(c.Status)))
		}
		findings = append(findings, Finding{Status: Fail, Object: object, Message: message, Fix: fix})
	}
	for _, p := range problems {
		if condition(n, p.condition).Status == corev1.ConditionTrue {
			findings = append(findings, Finding{Status: Fail, Object: object, Message: fmt.Sprintf("has the condition %s: %s", p.condition, p.effect), Fix: fix})
		}
	}
	return findings
}
