package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	daemonutil "k8s.io/kubernetes/pkg/controller/daemon/util"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// rollOnNodes reads how a DaemonSet's pods are replaced.
func (w *Workload) rollOnNodes(o *manifest.Object, strategy appsv1.DaemonSetUpdateStrategy) error {
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
	w.onNodes = r
	w.Rollout.MaxSurge, w.Rollout.MaxUnavailable = w.RolloutOnNodes(1)
	return nil
}

// RolloutOnNodes is the surge and unavailability of a DaemonSet that runs on n nodes: percentages are rounded up, and if both
// come to nothing one pod may be missing (pkg/controller/daemon/update.go).
func (w *Workload) RolloutOnNodes(n int) (surge, unavailable int) {
	if w.onNodes == nil {
		return 0, 1
	}
	surge, _ = intstr.GetScaledValueFromIntOrPercent(w.onNodes.MaxSurge, n, true) // they were read, so they are numbers
	unavailable, _ = intstr.GetScaledValueFromIntOrPercent(w.onNodes.MaxUnavailable, n, true)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// tolerateAsDaemon adds the tolerations by which a DaemonSet's pod stays on a node that fails or is cordoned.
func tolerateAsDaemon(pod *corev1.Pod) { daemonutil.AddOrUpdateDaemonPodTolerations(&pod.Spec) }
