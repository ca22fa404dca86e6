package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// One application may consist of several workloads, for example of one per zone, whose pods are counted together on purpose. They
// have the same images and the same release. It is a fault if the other workload has none of these images, or the labels of another
// release. Pods of Jobs are temporary and do not count.
var spreadCountsOtherPods = &Rule{
	ID:       "spread-counts-other-pods",
	Severity: Note,
	Protects: "Topology spread that also counts other pods balances only the sum: its own pods may all be on one node or in one zone.",
	Fix:      "Select a label that only the pods of this workload have.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range s.Constraints(w) {
				if c.Kind != placement.Spread || !c.SelectsOwn() || w.Replicas < 2 {
					continue
				}
				if others := s.Unrelated(c); len(others) > 0 {
					report(c.In("labelSelector"), fmt.Sprintf("%s also counts the pods of %s", c, facts.List(others)))
				}
			}
		}
	},
}
