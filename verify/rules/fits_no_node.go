package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

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
				find(at(w, "spec"), fmt.Sprintf("none of %s takes its pods: %s", count(len(g.Nodes), "node"), g.refused(w)))
				continue
			}
			if why := tooSmall(w, nodes); why != "" {
				find(at(w, "spec", "containers"), fmt.Sprintf("a pod is larger than any of %s: %s", count(len(nodes), "eligible node"), why))
			}
		}
	},
}

// refused says why the nodes refuse a workload's pods.
func (g *ground) refused(w *workload.Workload) string {
	pod := w.Pod(0, 1)
	wants := nodeaffinity.GetRequiredNodeAffinity(pod)
	unlike, taints := 0, map[string]bool{}
	for _, n := range g.Nodes {
		if matches, err := wants.Match(n); err != nil || !matches {
			unlike++
		} else if taint := untolerated(pod, n); taint != nil {
			taints[taint.ToString()] = true
		}
	}
	var all []string
	if unlike > 0 {
		all = append(all, fmt.Sprintf("%d lack the labels that they ask for%s", unlike, g.unknown(pod.Spec.NodeSelector)))
	}
	if len(taints) > 0 {
		all = append(all, fmt.Sprintf("%d have taints that they do not tolerate, %s", len(g.Nodes)-unlike, strings.Join(slices.Sorted(maps.Keys(taints)), ", ")))
	}
	return strings.Join(all, "; ")
}

// unknown names what is selected and on no node, "" if each label by itself is somewhere.
func (g *ground) unknown(selected map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(selected)) {
		if !slices.Contains(g.domains(key), selected[key]) {
			all = append(all, key+"="+selected[key])
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ", and none has " + strings.Join(all, ", ")
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
