package survival

import (
	"time"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// jitter is the largest share by which a standby extends its retry period (JitterFactor in
// k8s.io/client-go/tools/leaderelection).
const jitter = 1.2

// failoverTime returns the longest time until a standby takes over from a leader that is gone. A standby measures the
// lease from its own observation of the last renewal, as it trusts no other clock: one retry before that observation,
// the duration of the lease, and one retry after its end (tryAcquireOrRenew in k8s.io/client-go/tools/leaderelection).
func failoverTime(l workload.Lease) time.Duration {
	retry := time.Duration((1 + jitter) * float64(l.RetryPeriod))
	return retry + l.Duration + retry
}

// electionTime is the longest time until a majority has elected a leader: the election timeout of NATS' graft, by which
// pods of Argo Events elect over the bus (MAX_ELECTION_TIMEOUT in its const.go).
const electionTime = time.Second
