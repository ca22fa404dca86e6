package rules

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// keepsVotes are voters that always have a log of their own. Others may keep their state elsewhere, or in memory by design.
var keepsVotes = []string{"etcd", "zookeeper", "keeper", "clickhouse-keeper", "cockroach", "tikv", "pd", "redpanda"}

// It takes software that is known to keep a log, or an EventBus that the controller runs, in pods without any volume that
// outlives them.
var quorumKeepsNothing = &Rule{
	ID:       "quorum-keeps-nothing",
	Protects: "A voter that comes back empty has forgotten what it promised: two of them are a majority that never heard of what was written.",
	Fix:      "Give each voter a disk of its own, by volumeClaimTemplates, or persistence of an EventBus.",
	check: func(s *workload.System, find func(Place, string)) {
		for _, w := range voters(s) {
			keeps := w.Object.Kind == "EventBus" || slices.ContainsFunc(running(w), func(c container) bool { return slices.Contains(keepsVotes, c.software()) })
			if keeps && len(w.Claims) == 0 && !slices.ContainsFunc(w.Template.Spec.Volumes, outlives) {
				find(at(w, "spec", "volumes"), fmt.Sprintf("no volume of its %d voters outlives the pod", w.Replicas))
			}
		}
	},
}

// outlives tells whether a volume may be there after its pod.
func outlives(v corev1.Volume) bool {
	return v.EmptyDir == nil && v.ConfigMap == nil && v.Secret == nil && v.DownwardAPI == nil && v.Projected == nil && v.Ephemeral == nil && v.Image == nil
}
