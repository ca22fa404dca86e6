package rules

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// Only software that always keeps a log of its own, and an EventBus that the controller runs, are checked, in pods without any
// volume that outlives them. Other software may keep its state elsewhere, or in memory by design.
var quorumKeepsNothing = &Rule{
	ID:       "quorum-keeps-nothing",
	Severity: Warning,
	Protects: "A quorum member that restarts without its log has lost what it acknowledged. Two of them are a majority that has lost acknowledged writes.",
	Fix:      "Give each member a volume of its own: volumeClaimTemplates, or persistence of an EventBus.",
	check: func(s *facts.System, report reporter) {
		for _, w := range s.Quorums() {
			keepsLog := w.Object.Kind == "EventBus" || w.Software != nil && w.Software.KeepsLog
			if keepsLog && len(w.Claims) == 0 && !slices.ContainsFunc(w.Template.Spec.Volumes, mayOutlivePod) {
				report(facts.InTemplate(w, "spec", "volumes"), fmt.Sprintf("no volume of its %d quorum members outlives the pod", w.Replicas))
			}
		}
	},
}

// mayOutlivePod reports whether a volume may exist longer than its pod.
func mayOutlivePod(v corev1.Volume) bool {
	return v.EmptyDir == nil && v.ConfigMap == nil && v.Secret == nil && v.DownwardAPI == nil && v.Projected == nil && v.Ephemeral == nil && v.Image == nil
}
