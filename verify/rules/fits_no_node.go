package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// A pod that fits on no empty node fits on no node. A DaemonSet may be for nodes that do not exist yet, so it is not checked.
var fitsNoNode = &Rule{
	ID:       "fits-no-node",
	Severity: Error,
	Protects: "A pod that fits on no node, not even on an empty one, stays Pending.",
	Fix:      "Require labels that nodes have, tolerate their taints, and request no more than the largest node has.",
	checkNodes: func(s *facts.System, nodes *facts.Nodes, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind == workload.DaemonSet || w.Replicas == 0 {
				continue
			}
			eligible := nodes.Eligible(w)
			if len(eligible) == 0 {
				report(facts.InTemplate(w, "spec"), fmt.Sprintf("none of %s accepts its pods: %s", facts.Count(len(nodes.Nodes), "node"), whyRefused(nodes, w)))
				continue
			}
			if why := tooLarge(s.Requests(w), eligible); why != "" {
				report(facts.InTemplate(w, "spec", "containers"), fmt.Sprintf("a pod fits on none of %s: %s", facts.Count(len(eligible), "eligible node"), why))
			}
		}
	},
}

// whyRefused explains why no node accepts the pods of a workload.
func whyRefused(nodes *facts.Nodes, w *workload.Workload) string {
	unmatched, taints := nodes.Refused(w)
	var all []string
	if unmatched > 0 {
		all = append(all, fmt.Sprintf("%d without the required labels%s", unmatched, labelsOnNoNode(nodes, w.Template.Spec.NodeSelector)))
	}
	if len(taints) > 0 {
		all = append(all, fmt.Sprintf("%d with taints that the pods do not tolerate (%s)", len(nodes.Nodes)-unmatched, strings.Join(taints, ", ")))
	}
	return strings.Join(all, ", ")
}

// labelsOnNoNode lists the labels of a node selector that no node has, in parentheses; "" if there are none.
func labelsOnNoNode(nodes *facts.Nodes, selector map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if !slices.Contains(nodes.AllValues(key), selector[key]) {
			all = append(all, key+"="+selector[key])
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " (no node has " + strings.Join(all, ", ") + ")"
}

// tooLarge lists the requests of a pod that no node can hold; "" if each fits on some node.
func tooLarge(requests corev1.ResourceList, nodes []*corev1.Node) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request, most := requests[name], nodes[0].Status.Allocatable[name]
		for _, n := range nodes {
			if allocatable := n.Status.Allocatable[name]; allocatable.Cmp(most) > 0 {
				most = allocatable
			}
		}
		if request.Cmp(most) > 0 {
			all = append(all, fmt.Sprintf("it requests %s %s, and the largest node has %s", request.String(), name, most.String()))
		}
	}
	return strings.Join(all, "; ")
}
