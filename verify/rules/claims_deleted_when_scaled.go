package rules

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

var claimsDeletedWhenScaled = &Rule{
	ID:       "claims-deleted-when-scaled",
	Severity: Warning,
	Protects: "Scaling a quorum down, even for a moment, deletes the volumes of its members with all their data.",
	Fix:      "Set persistentVolumeClaimRetentionPolicy.whenScaled: Retain. Delete a PersistentVolumeClaim by hand when its member has left the cluster.",
	check: func(s *facts.System, report reporter) {
		for w, set := range s.QuorumStatefulSets() {
			if p := set.Spec.PersistentVolumeClaimRetentionPolicy; p != nil && p.WhenScaled == appsv1.DeletePersistentVolumeClaimRetentionPolicyType && len(w.Claims) > 0 {
				report(facts.In(w.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"), fmt.Sprintf("scaling down deletes the volumes of its %d quorum members", w.Replicas))
			}
		}
	},
}
