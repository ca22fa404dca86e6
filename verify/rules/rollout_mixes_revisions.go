package rules

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// During a rollout with surge, new pods are placed so that old and new pods together are balanced, and then the old ones stop:
// kubernetes/kubernetes#98215. Without surge, each new pod replaces one that has stopped, and the last one is placed when all are
// counted. Only required constraints are checked: preferences guarantee nothing. With minDomains, a domain has more than maxSkew pods
// only if each of the others has one.
var rolloutMixesRevisions = &Rule{
	ID:       "rollout-mixes-revisions",
	Severity: Note,
	Protects: "New pods are balanced together with old pods that stop. After a rollout, one node or zone may have more of them than the constraint allows.",
	Fix:      "Add matchLabelKeys: [pod-template-hash] (rollouts-pod-template-hash for a Rollout of Argo Rollouts), or set maxSurge: 0.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if w.Kind != workload.Deployment || w.Replicas < 2 || w.Rollout.MaxSurge == 0 {
				continue
			}
			for _, c := range s.Constraints(w) {
				if c.Kind == placement.Spread && c.Required && c.SelectsOwn() && !slices.Contains(c.MatchLabelKeys, w.HashLabel) &&
					(mayExceed(mostInRollout(w), c.Spread) || len(s.SelectedWorkloads(c)) > 0) {
					report(c.In("labelSelector"), fmt.Sprintf("%s counts old and new pods together during a rollout (%d pods, maxSurge %d)", c, w.Replicas, w.Rollout.MaxSurge))
				}
			}
		}
	},
}

// mayExceed reports whether one domain may have more than maxSkew of some pods. The first pod above maxSkew requires one in every
// domain, and fewer domains than minDomains count as if one was empty.
func mayExceed(pods int, c *corev1.TopologySpreadConstraint) bool {
	return pods >= int(c.MaxSkew)+int(ptr.Deref(c.MinDomains, 1))
}

// mostInRollout returns the most pods that a Deployment has during a rollout, at any scale. A surge may be a percentage.
func mostInRollout(w *workload.Workload) int {
	most := max(w.Replicas, w.Max)
	return most + (w.Rollout.MaxSurge*most+w.Replicas-1)/w.Replicas
}
