package workload

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Lease is the timing of a leader election by Lease.
type Lease struct {
	// Duration is how long the lease is valid after a renewal. RetryPeriod is the interval at which the leader renews it and
	// the other pods try to take it, jitter not included.
	Duration, RetryPeriod time.Duration
}

// usualLease is that of Kubernetes' own components (RecommendedDefaultLeaderElectionConfiguration in
// k8s.io/component-base/config/v1alpha1/defaults.go) and of what is made with controller-runtime.
var usualLease = Lease{Duration: 15 * time.Second, RetryPeriod: 2 * time.Second}

// leaseFlag is a flag by which Kubernetes' components, and others that name theirs like them, are told of their lease.
var leaseFlag = regexp.MustCompile(`^--?leader-elect(?:ion)?-(lease-duration|retry-period)(?:=(.*))?$`)

// Lease is the lease of a workload's pods, if they elect by one. Of Argo Events' pods it is known; others may be told by
// flags, or said is false: then it is taken for the usual one.
func (w *Workload) Lease() (l Lease, said bool) {
	if w.lease != (Lease{}) {
		return w.lease, true
	}
	l = usualLease
	for _, c := range w.Template.Spec.Containers {
		words := slices.Concat(c.Command, c.Args)
		for i, word := range words {
			flag := leaseFlag.FindStringSubmatch(word)
			if flag == nil {
				continue
			}
			value := flag[2]
			if !strings.Contains(word, "=") && i+1 < len(words) {
				value = words[i+1]
			}
			time, err := time.ParseDuration(value)
			switch {
			case err != nil: // the program would say so
				continue
			case flag[1] == "lease-duration":
				l.Duration = time
			default:
				l.RetryPeriod = time
			}
			said = true
		}
	}
	return l, said
}
