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

// defaultLease is the default of Kubernetes' components (RecommendedDefaultLeaderElectionConfiguration in
// k8s.io/component-base/config/v1alpha1/defaults.go) and of controller-runtime.
var defaultLease = Lease{Duration: 15 * time.Second, RetryPeriod: 2 * time.Second}

// leaseFlag matches the lease flags of Kubernetes' components, which other controllers use as well.
var leaseFlag = regexp.MustCompile(`^--?leader-elect(?:ion)?-(lease-duration|retry-period)(?:=(.*))?$`)

// Lease returns the lease timing of a workload's pods, if they elect a leader by Lease. It is known for Argo Events and where
// flags set it. Otherwise known is false and the timing is the default.
func (w *Workload) Lease() (l Lease, known bool) {
	if w.lease != (Lease{}) {
		return w.lease, true
	}
	l = defaultLease
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
			duration, err := time.ParseDuration(value)
			switch {
			case err != nil: // the program would not start
				continue
			case flag[1] == "lease-duration":
				l.Duration = duration
			default:
				l.RetryPeriod = duration
			}
			known = true
		}
	}
	return l, known
}
