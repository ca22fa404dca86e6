package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	daemonutil "k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// setDaemonRollout sets the rollout of a DaemonSet.
func (w *Workload) setDaemonRollout(o *manifest.Object, strategy appsv1.DaemonSetUpdateStrategy) error {
	w.Rollout = Rollout{Type: string(strategy.Type), MaxUnavailable: 1}
	r := strategy.RollingUpdate
	if r == nil {
		return nil
	}
	if _, err := scaled(o, r.MaxSurge, 100, true, "spec", "updateStrategy", "rollingUpdate", "maxSurge"); err != nil {
		return err
	}
	if _, err := scaled(o, r.MaxUnavailable, 100, true, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"); err != nil {
		return err
	}
	w.daemonRollout = r
	w.Rollout.MaxSurge, w.Rollout.MaxUnavailable = w.RolloutOnNodes(1)
	return nil
}

// RolloutOnNodes returns maxSurge and maxUnavailable of a DaemonSet on n nodes, in pods. Percentages are rounded up. If both are
// 0, maxUnavailable is 1 (pkg/controller/daemon/update.go).
func (w *Workload) RolloutOnNodes(n int) (surge, unavailable int) {
	if w.daemonRollout == nil {
		return 0, 1
	}
	surge, _ = intstr.GetScaledValueFromIntOrPercent(w.daemonRollout.MaxSurge, n, true) // setDaemonRollout has checked both
	unavailable, _ = intstr.GetScaledValueFromIntOrPercent(w.daemonRollout.MaxUnavailable, n, true)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// tolerateAsDaemon adds the tolerations of DaemonSet pods: they stay on nodes that fail or are cordoned.
func tolerateAsDaemon(pod *corev1.Pod) { daemonutil.AddOrUpdateDaemonPodTolerations(&pod.Spec) }
