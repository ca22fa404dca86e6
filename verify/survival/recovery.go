package survival

import (
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// jitter is the largest share by which a standby extends its retry period (JitterFactor in
// k8s.io/client-go/tools/leaderelection).
const jitter = 1.2

// failoverTime returns the longest time until a standby replaces a failed leader. A standby measures the lease by its own
// clock, from its observation of the last renewal: one retry before that observation, the duration of the lease, and one
// retry after its end (tryAcquireOrRenew in k8s.io/client-go/tools/leaderelection).
func failoverTime(l workload.Lease) time.Duration {
	retry := time.Duration((1 + jitter) * float64(l.RetryPeriod))
	return retry + l.Duration + retry
}

// electionTime is the longest time until a majority has elected a leader: the election timeout of NATS' graft, by which
// pods of Argo Events elect over the bus (MAX_ELECTION_TIMEOUT in its const.go).
const electionTime = time.Second
