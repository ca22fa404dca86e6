package checks

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/placement"
)

// installCluster compares the nodes that workloads can use with those that the profile needs.
var installCluster = Check{
	ID: "install-cluster", Title: "The cluster has the nodes and zones that the profile needs", Installs: true, Reads: []snapshot.Resource{snapshot.Nodes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		var fits []placement.Fit
		for _, w := range s.Installation.System.Workloads {
			if w.Replicas > 0 {
				fits = append(fits, placement.NewFit(w.Pod(0, 1)))
			}
		}
		usable := filter(s.Nodes, func(n *corev1.Node) bool {
			accepts := func(f placement.Fit) bool { return f.Accepts(n) }
			return isUsable(n) && (taintOf(n) == nil || slices.ContainsFunc(fits, accepts))
		})
		zones := zonesOf(usable)
		have := fmt.Sprintf("%s in %s", count(len(usable), "usable node"), count(len(zones), "zone"))
		needs := s.Installation
		var findings []Finding
		if len(usable) < needs.Nodes {
			findings = append(findings, Finding{Status: Fail, Message: fmt.Sprintf("the profile needs %s that are Ready, schedulable and without taints that no pod tolerates, and there are %d", count(needs.Nodes, "node"), len(usable)),
				Fix: "add nodes, or choose a profile that needs fewer: holdfast profiles"})
		}
		if len(zones) < needs.Zones {
			findings = append(findings, Finding{Status: Fail, Message: fmt.Sprintf("the profile needs usable nodes in %s, and there are %d (%s)", count(needs.Zones, "zone"), len(zones), strings.Join(zones, ", ")),
				Fix: "add nodes in other zones, or choose a profile that needs fewer: holdfast profiles"})
		}
		return have, findings
	},
}
