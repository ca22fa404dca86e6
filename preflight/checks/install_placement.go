package checks

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// installPlacement finds workloads that no usable node accepts, or that nodes in too few zones accept: by node selector, node
// affinity and taints.
var installPlacement = Check{
	ID: "install-placement", Title: "Nodes accept the pods of each workload, in enough zones", Installs: true, Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var findings []Finding
		usable := filter(s.Nodes, isUsable)
		for _, w := range s.Installation.System.Workloads {
			if w.Replicas == 0 {
				continue // a DaemonSet, or scaled to zero
			}
			fit := placement.NewFit(w.Pod(0, 1))
			accepting := filter(usable, fit.Accepts)
			zones := zonesOf(accepting)
			switch {
			case len(accepting) == 0:
				findings = append(findings, Finding{Status: Fail, Object: w.String(), Message: "no usable node accepts its pods: " + refusal(fit, usable),
					Fix: "add the labels to nodes, tolerations to the pods, or change their node selector"})
			case w.Replicas > 1 && s.Installation.Zones > 0 && len(zones) < s.Installation.Zones:
				findings = append(findings, Finding{Status: Fail, Object: w.String(),
					Message: fmt.Sprintf("nodes of %s (%s) accept its pods, and the profile needs %d: %s", count(len(zones), "zone"), strings.Join(zones, ", "), s.Installation.Zones, refusal(fit, filter(usable, func(n *corev1.Node) bool { return !fit.Accepts(n) }))),
					Fix:     "add nodes in other zones, or tolerations to the pods"})
			}
		}
		return count(len(filter(s.Installation.System.Workloads, func(w *workload.Workload) bool { return w.Replicas > 0 })), "workload"), findings
	},
}

// refusal is why the first of some nodes does not accept a pod.
func refusal(fit placement.Fit, nodes []*corev1.Node) string {
	for _, n := range nodes {
		if !fit.Selects(n) {
			return fmt.Sprintf("their node selector or affinity does not match Node %s", n.Name)
		}
		if taint := fit.Untolerated(n, placement.KeepsOff); taint != nil {
			return fmt.Sprintf("they do not tolerate the taint %s of Node %s", taint.ToString(), n.Name)
		}
	}
	return "there is none"
}
