package workload

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Lease is how pods of which one works keep the lease that says which.
type Lease struct {
	// Good is how long it is good for, Retry how often the one that has it renews it and the others look, but for what they
	// add at random.
	Good, Retry time.Duration
}

// usualLease is that of Kubernetes' own components (RecommendedDefaultLeaderElectionConfiguration in
// k8s.io/component-base/config/v1alpha1/defaults.go) and of what is made with controller-runtime.
var usualLease = Lease{Good: 15 * time.Second, Retry: 2 * time.Second}

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
				l.Good = time
			default:
				l.Retry = time
			}
			said = true
		}
	}
	return l, said
}
