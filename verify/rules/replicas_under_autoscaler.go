package rules

import (
	"fmt"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only manifests are checked. In an object that was read from a cluster, the autoscaler has set the number.
var replicasUnderAutoscaler = &Rule{
	ID:       "replicas-under-autoscaler",
	Severity: Note,
	Protects: "Every apply resets the number of pods to the manifest, perhaps during peak load, until the autoscaler corrects it.",
	Fix:      removeReplicas("minReplicas"),
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Workloads {
			if n, ok := writtenReplicas(w.Object); ok && w.Autoscaler != nil {
				fix := removeReplicas("minReplicas")
				if w.Autoscaler.Kind == "ScaledObject" {
					fix = removeReplicas("minReplicaCount")
				}
				report(facts.In(w.Object, "spec", "replicas"), fmt.Sprintf("spec.replicas is %d, but %s at %s scales from %d to %d", n, w.Autoscaler, w.Autoscaler.At(), w.Min, w.Max),
					fix)
			}
		}
	},
}

// removeReplicas is the fix; minimum is the field of the autoscaler. A client-side apply that removes the field sets it to its
// default, 1, unless the last applied configuration has it no more (kubernetes.io/docs/tasks/run-application/
// horizontal-pod-autoscale, "Migrating Deployments and StatefulSets to horizontal autoscaling").
func removeReplicas(minimum string) string {
	return "Remove spec.replicas. After a client-side kubectl apply, first remove it by kubectl apply edit-last-applied: otherwise the next apply scales to 1 once. The minimum is " + minimum + " of the autoscaler."
}

// writtenReplicas returns spec.replicas of an object, if it is set and the object does not come from an API server.
func writtenReplicas(o *manifest.Object) (int32, bool) {
	var decoded struct {
		Metadata struct {
			UID string `json:"uid"`
		} `json:"metadata"`
		Spec struct {
			Replicas *int32 `json:"replicas"`
		} `json:"spec"`
	}
	if err := o.Decode(&decoded); err != nil || decoded.Spec.Replicas == nil || decoded.Metadata.UID != "" {
		return 0, false
	}
	return *decoded.Spec.Replicas, true
}
