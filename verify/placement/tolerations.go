package placement

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// UnreachableToleration returns how long a pod stays bound to an unreachable node: the shortest tolerationSeconds of its
// tolerations of the taint (pkg/controller/tainteviction/taint_eviction.go). If ends is false, it is never evicted.
func UnreachableToleration(spec *corev1.PodSpec) (after time.Duration, ends bool) {
	taint := corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
	tolerated := false
	for _, t := range spec.Tolerations {
		if !t.ToleratesTaint(klog.Background(), &taint, false) {
			continue
		}
		tolerated = true
		if t.TolerationSeconds != nil {
			seconds := time.Duration(max(0, *t.TolerationSeconds)) * time.Second
			if !ends || seconds < after {
				after, ends = seconds, true
			}
		}
	}
	return after, ends || !tolerated
}
