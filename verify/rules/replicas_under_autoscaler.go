package rules

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// It takes an object that somebody wrote: one that was read from a cluster has the number that the autoscaler chose.
var replicasUnderAutoscaler = &Rule{
	ID:       "replicas-under-autoscaler",
	Protects: "Every apply sets the number of pods back to what is written, in the middle of a peak perhaps, until the autoscaler has noticed.",
	Fix:      "Leave spec.replicas out: minReplicas of the autoscaler says how many there are at least.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, version := range []string{"autoscaling/v2", "autoscaling/v1"} { // the fields that count are the same
			for o, scaler := range every[autoscalingv2.HorizontalPodAutoscaler](s, version, "HorizontalPodAutoscaler") {
				to := scaler.Spec.ScaleTargetRef
				for _, w := range s.Workloads {
					if w.Object.Kind != to.Kind || w.Object.Name != to.Name || w.Namespace != o.Namespace {
						continue
					}
					if n, is := writtenReplicas(w.Object); is {
						find(in(w.Object, "spec", "replicas"), fmt.Sprintf("is %d, and %s at %s has from %d to %d", n, o, o.At(), least(scaler), scaler.Spec.MaxReplicas))
					}
				}
			}
		}
	},
}

// writtenReplicas is spec.replicas of an object, if it stands there and no API server has put it there.
func writtenReplicas(o *manifest.Object) (int32, bool) {
	var says struct {
		Metadata struct{ UID string }
		Spec     struct{ Replicas *int32 }
	}
	if err := o.Decode(&says); err != nil || says.Spec.Replicas == nil || says.Metadata.UID != "" {
		return 0, false
	}
	return *says.Spec.Replicas, true
}

// least is how many pods an autoscaler leaves at least.
func least(scaler *autoscalingv2.HorizontalPodAutoscaler) int32 {
	if scaler.Spec.MinReplicas == nil {
		return 1
	}
	return *scaler.Spec.MinReplicas
}
