package rules

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

var claimsDeletedWhenScaled = &Rule{
	ID:       "claims-deleted-when-scaled",
	Protects: "Who scales a quorum down for a moment, to zero perhaps, deletes the disks of its voters with all that is on them.",
	Fix:      "persistentVolumeClaimRetentionPolicy.whenScaled: Retain. Delete a claim by hand when its voter has left the cluster.",
	check: func(s *workload.System, find func(Place, string)) {
		for w, set := range quorumSets(s) {
			if p := set.Spec.PersistentVolumeClaimRetentionPolicy; p != nil && p.WhenScaled == appsv1.DeletePersistentVolumeClaimRetentionPolicyType && len(w.Claims) > 0 {
				find(in(w.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"), fmt.Sprintf("scaling down deletes the disks of its %d voters", w.Replicas))
			}
		}
	},
}
