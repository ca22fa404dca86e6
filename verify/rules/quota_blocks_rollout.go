package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Pods of other manifests only use more of a quota. A quota with scopes counts some pods only, and is not checked. A Deployment with
// maxUnavailable 0 (25% of up to three pods is rounded down to 0) needs one more pod to start a rollout:
// kubernetes/kubernetes#89209.
var quotaBlocksRollout = &Rule{
	ID:       "quota-blocks-rollout",
	Severity: Warning,
	Protects: "A ResourceQuota refuses the pods beyond it. A rollout that needs one more pod than the quota allows never ends.",
	Fix:      "Raise the quota by one pod, or set maxSurge: 0 and maxUnavailable: 1.",
	check: func(s *facts.System, report reporter) {
		for o, quota := range facts.Objects[corev1.ResourceQuota](s, "v1", "ResourceQuota") {
			if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
				continue
			}
			all := slices.DeleteFunc(slices.Clone(s.Workloads), func(w *workload.Workload) bool { return w.Namespace != o.Namespace || w.Kind == workload.Job })
			for _, name := range slices.Sorted(maps.Keys(quota.Spec.Hard)) {
				hard, used := quota.Spec.Hard[name], resource.Quantity{}
				for _, w := range all {
					each := s.QuotaUsage(w, name)
					each.Mul(int64(w.Replicas))
					used.Add(each)
				}
				place := facts.In(o, "spec", "hard", string(name))
				if used.Cmp(hard) > 0 {
					report(place, fmt.Sprintf("%s: %s is less than the pods of the manifests use (%s): some are never created", name, hard.String(), used.String()), "Raise the quota, or run fewer pods.")
					continue
				}
				if blocked := blockedByQuota(s, all, name, hard, used); len(blocked) > 0 {
					report(place, fmt.Sprintf("%s: %s has no room for one more pod beside those of the manifests (%s): with maxUnavailable 0, no rollout of %s ends", name, hard.String(), used.String(), strings.ReplaceAll(facts.List(blocked), " and ", " or ")))
				}
			}
		}
	},
}

// blockedByQuota returns the workloads whose rollout needs one more pod than a quota allows.
func blockedByQuota(s *facts.System, all []*workload.Workload, name corev1.ResourceName, hard, used resource.Quantity) []*workload.Workload {
	return slices.DeleteFunc(slices.Clone(all), func(w *workload.Workload) bool {
		needs := s.QuotaUsage(w, name)
		needs.Add(used)
		return w.Kind != workload.Deployment || w.Replicas == 0 || w.Rollout.MaxSurge == 0 || w.Rollout.MaxUnavailable > 0 || needs.Cmp(hard) <= 0
	})
}
