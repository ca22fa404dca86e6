package survival

import (
	"cmp"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/placement"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
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

// LongestReplacement returns the longest time from the end of a pod until its replacement on another node is Ready, failover
// included: the grace period, for controllers that wait for it, and the start.
func LongestReplacement(w *workload.Workload) time.Duration {
	return sim.GracePeriod(w) + sim.StartDuration(&w.Pod(0, 1).Spec) + longestFailover(w)
}

// LongestRecovery returns the longest time from the failure of a domain until the pods on it are replaced on other nodes, if these
// accept them. It is negative if the pods tolerate the failure for ever.
func LongestRecovery(c cluster.Cluster, d cluster.Domain, w *workload.Workload) time.Duration {
	spec := &w.Pod(0, 1).Spec
	tolerated, ends := placement.UnreachableToleration(spec)
	if !ends {
		return sim.Never
	}
	together, most := map[string]int{}, 1
	if d != cluster.Node {
		for _, n := range c.Nodes { // nodes of one zone are evicted one after the other
			key := n.Labels[d.Label] + "\n" + n.Labels[cluster.ZoneLabel]
			together[key]++
			most = max(most, together[key])
		}
	}
	return cmp.Or(c.Detection, sim.Detection(c.Version)) + time.Duration(most-1)*sim.EvictionPeriod + tolerated + sim.StartDuration(spec) + longestFailover(w)
}

func longestFailover(w *workload.Workload) time.Duration {
	switch w.Replication.Model {
	case workload.Standby:
		lease, _ := w.Lease()
		return failoverTime(lease)
	case workload.Elected:
		return electionTime
	}
	return 0
}
