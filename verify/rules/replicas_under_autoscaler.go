package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes an object that somebody wrote: one that was read from a cluster has the number that the autoscaler chose.
var replicasUnderAutoscaler = &Rule{
	ID:       "replicas-under-autoscaler",
	Protects: "Every apply sets the number of pods back to what is written, in the middle of a peak perhaps, until the autoscaler has noticed.",
	Fix:      "Leave spec.replicas out: minReplicas of the autoscaler says how many there are at least.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range s.Workloads {
			if n, is := writtenReplicas(w.Object); is && w.Autoscaler != nil {
				find(in(w.Object, "spec", "replicas"), fmt.Sprintf("is %d, and %s at %s has from %d to %d", n, w.Autoscaler, w.Autoscaler.At(), w.Min, w.Max))
			}
		}
	},
}

// writtenReplicas is spec.replicas of an object, if it stands there and no API server has put it there.
func writtenReplicas(o *manifest.Object) (int32, bool) {
	var says struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
		Spec struct {
			Replicas *int32 `json:"replicas"`
		} `json:"spec"`
	}
	if err := o.Decode(&says); err != nil || says.Spec.Replicas == nil || says.Metadata.UID != "" {
		return 0, false
	}
	return *says.Spec.Replicas, true
}
