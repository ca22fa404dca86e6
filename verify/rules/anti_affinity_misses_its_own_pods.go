package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Anti-affinity may be meant for other pods. It is a fault only if no workload of the manifests has such pods, if the workload
// has several pods that nothing else keeps apart on the same key, and if all objects that create pods are supported.
var antiAffinityMissesItsOwnPods = &Rule{
	ID:       "anti-affinity-misses-its-own-pods",
	Severity: Note,
	Protects: "Anti-affinity that selects no pod has no effect: all pods may run on one node.",
	Fix:      "Select labels of the pods' own template.",
	check: func(s *facts.System, report reporter) {
		if len(s.Unsupported) > 0 {
			return
		}
		for _, w := range s.Workloads {
			all := s.Constraints(w)
			for _, c := range all {
				if c.Kind != placement.AntiAffinity || !c.OwnNamespaceOnly() || len(c.MismatchLabelKeys) > 0 ||
					c.SelectsOwn() || w.Replicas < 2 || len(s.SelectedWorkloads(c)) > 0 {
					continue
				}
				if !slices.ContainsFunc(all, func(other facts.Constraint) bool { return other.TopologyKey == c.TopologyKey && other.SelectsOwn() }) {
					report(c.In("labelSelector"), fmt.Sprintf("%s selects no pod of the manifests, not even its own %d", c, w.Replicas))
				}
			}
		}
	},
}
