package sim

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Never is a time that does not come.
const Never = time.Duration(math.MaxInt64)

// Durations of the control plane and the kubelets, by their defaults.
const (
	// ContainerStart is how long a container takes to run: the period in which a kubelet observes its containers
	// (genericPlegRelistPeriod in pkg/kubelet/kubelet.go).
	ContainerStart = time.Second
	// EvictionPeriod is the time between two nodes of a zone that the control plane evicts (--node-eviction-rate).
	EvictionPeriod = 10 * time.Second
)

// Detection returns how long the control plane takes by default to detect that a node has failed (NodeMonitorGracePeriod in
// pkg/controller/nodelifecycle/config/v1alpha1/defaults.go).
func Detection(v cluster.Version) time.Duration {
	if v.AtLeast(32) {
		return 50 * time.Second
	}
	return 40 * time.Second
}

// StartDuration returns the time from the binding of a pod until it is Ready. It is that of the slowest container, if
// images are on the node and each probe succeeds as soon as it can.
func StartDuration(spec *corev1.PodSpec) time.Duration {
	slowest := time.Duration(0)
	for i := range spec.Containers {
		c := &spec.Containers[i]
		slowest = max(slowest, probeDuration(c.StartupProbe)+probeDuration(c.ReadinessProbe))
	}
	return ContainerStart + slowest
}

// probeDuration returns the longest time until a probe that always succeeds has succeeded often enough.
func probeDuration(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.SuccessThreshold) * time.Second
}

// GracePeriod returns how long a pod of a workload takes to terminate: the whole grace period, unless an operator's pods are known to
// take less.
func GracePeriod(w *workload.Workload) time.Duration {
	switch seconds := w.Template.Spec.TerminationGracePeriodSeconds; {
	case w.Stop > 0:
		return w.Stop
	case seconds == nil:
		return corev1.DefaultTerminationGracePeriodSeconds * time.Second
	default:
		return time.Duration(*seconds) * time.Second
	}
}
