package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Only PersistentVolumeClaims of the manifests are checked, for their access modes, and pods that may run on different nodes.
var claimShared = &Rule{
	ID:       "claim-shared",
	Severity: Error,
	Protects: "A volume that is available on one node at a time keeps its pods together: they all run on that node, or stay Pending.",
	Fix:      "Use a StatefulSet with volumeClaimTemplates for one volume per pod, or a StorageClass with ReadWriteMany for a shared volume.",
	check: func(s *facts.System, report reporter) {
		for _, m := range s.SingleNodeClaims() {
			pods := 0
			for _, w := range m.Workloads {
				pods += w.Replicas
				if w.Kind == workload.DaemonSet {
					pods += 2 // one per node
				}
			}
			if pods > 1 && (m.OnePod || !slices.ContainsFunc(m.Workloads, s.MayShareNode)) {
				report(facts.InTemplate(m.Workloads[0], m.Path...), fmt.Sprintf("PersistentVolumeClaim %s (%s) is mounted by all pods of %s", m.Claim.Name, m.AccessModes(), facts.List(m.Workloads)))
			}
		}
	},
}
