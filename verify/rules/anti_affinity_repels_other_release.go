package rules

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Required anti-affinity may be meant to keep two applications apart; then its own pods seldom match the same term. It is a fault
// if they do, and if the other workload has the same images but the labels of another release: the chart is installed twice.
var antiAffinityRepelsOtherRelease = &Rule{
	ID:       "anti-affinity-repels-other-release",
	Severity: Warning,
	Protects: "Two releases whose pods must not share a node need the nodes of both. Pods of the second release stay Pending, and after a node failure those of both.",
	Fix:      "Select app.kubernetes.io/instance as well.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			for _, c := range s.Constraints(w) {
				if c.Kind != placement.AntiAffinity || !c.Required || !c.SelectsOwn() {
					continue
				}
				others := slices.DeleteFunc(s.Unrelated(c), func(other *workload.Workload) bool { return !facts.ShareImage(w, other) })
				if len(others) > 0 {
					report(c.In("labelSelector"), fmt.Sprintf("%s also repels the pods of %s, which is another release", c, facts.List(others)))
				}
			}
		}
	},
}
