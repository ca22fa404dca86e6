package rules

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// What is said here holds for nodes on which nothing else runs. A DaemonSet for nodes that are not there yet is no fault.
var fitsNoNode = &Rule{
	ID:       "fits-no-node",
	Protects: "A pod that no node takes, even an empty one, waits for ever.",
	Fix:      "Ask for labels that nodes have, tolerate their taints, or request no more than the largest of them has.",
	checkOn: func(s *workload.System, g *ground, find func(Place, string)) {
		for _, w := range s.Workloads {
			if w.Kind == workload.DaemonSet || w.Replicas == 0 {
				continue
			}
			nodes := g.eligible(w)
			if len(nodes) == 0 {
				find(at(w, "spec"), fmt.Sprintf("none of %s has the labels that its pods ask for and no taint that keeps them away", count(len(g.Nodes), "node")))
				continue
			}
			if why := tooSmall(w, nodes); why != "" {
				find(at(w, "spec", "containers"), fmt.Sprintf("a pod is larger than any of %s: %s", count(len(nodes), "eligible node"), why))
			}
		}
	},
}

// tooSmall says what no node has enough of for one pod; "" if each thing is enough on some node.
func tooSmall(w *workload.Workload, nodes []*corev1.Node) string {
	var all []string
	for _, name := range names(requests(w)) {
		wanted, most := requests(w)[name], nodes[0].Status.Allocatable[name]
		for _, n := range nodes {
			if has := n.Status.Allocatable[name]; has.Cmp(most) > 0 {
				most = has
			}
		}
		if wanted.Cmp(most) > 0 {
			all = append(all, fmt.Sprintf("it requests %s %s, the largest has %s", wanted.String(), name, most.String()))
		}
	}
	return strings.Join(all, ", ")
}
