package scheduler

import (
	"cmp"
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// moreImportant reports whether a is spared rather than b: the pod of higher priority, then the older one, as in
// kube-scheduler, then the first by name.
func moreImportant(a, b *corev1.Pod) bool {
	return cmp.Or(
		cmp.Compare(priority(b), priority(a)),
		cmp.Compare(started(a), started(b)),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
	) < 0
}

// started returns the start time of a pod in nanoseconds. Pods without one are the newest.
func started(p *corev1.Pod) int64 {
	if p.Status.StartTime == nil {
		return math.MaxInt64
	}
	return p.Status.StartTime.UnixNano()
}

func priority(p *corev1.Pod) int32 { return ptr.Deref(p.Spec.Priority, 0) }
