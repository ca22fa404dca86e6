package survival

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// jitter is what somebody who waits for a lease adds to the time between two looks at it, at most, as a share of that
// (JitterFactor in k8s.io/client-go/tools/leaderelection).
const jitter = 1.2

// takeover is how long it takes at most until a standby works for a pod that is gone. It counts the lease's time from its own
// look at it, not from what stands there, for it trusts no other's clock: a look after the last renewal it begins, and the look
// after its end is the one (tryAcquireOrRenew in k8s.io/client-go/tools/leaderelection).
func takeover(l workload.Lease) time.Duration {
	look := time.Duration((1 + jitter) * float64(l.RetryPeriod))
	return look + l.Duration + look
}

// vote is how long it takes at most until those that are left have elected another, once they are enough: a follower of NATS'
// graft, by which pods of Argo Events elect over the bus, stands for it after so long (MAX_ELECTION_TIMEOUT in its const.go).
const vote = time.Second

// relist is how often a kubelet looks which containers run (genericPlegRelistPeriod in pkg/kubelet/kubelet.go).
const relist = time.Second

// startOf is how long a pod is not ready after it has a node: as long as its slowest container's probes take if each
// succeeds as soon as it may. Images are there, and a container runs when its kubelet looks.
func startOf(spec *corev1.PodSpec) time.Duration {
	slowest := time.Duration(0)
	for i := range spec.Containers {
		c := &spec.Containers[i]
		slowest = max(slowest, succeeds(c.StartupProbe)+succeeds(c.ReadinessProbe))
	}
	return relist + slowest
}

// succeeds is when a probe that always succeeds is heard of: it is asked once in a period, at the latest.
func succeeds(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.SuccessThreshold) * time.Second
}

// graceOf is how long a pod takes to stop: all the time that it is given.
func graceOf(spec *corev1.PodSpec) time.Duration {
	if spec.TerminationGracePeriodSeconds == nil {
		return corev1.DefaultTerminationGracePeriodSeconds * time.Second
	}
	return time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second
}
