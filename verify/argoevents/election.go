package argoevents

import (
	"slices"
	"strings"
	"time"
)

// Election is how the pods of an EventSource or a Sensor find out who of them works.
type Election string

// The elections (pkg/shared/leaderelection, pkg/eventsources/eventing.go, pkg/sensors/listener.go).
const (
	// None: every pod works.
	None Election = ""
	// ByLease: one works, who holds a lease of Kubernetes.
	ByLease Election = "lease"
	// ByVote: one works, for whom more than half of all pods have voted over the bus. Who is elected stays so when the others
	// go; when it goes, those that are left must be more than half again, or nobody works.
	ByVote Election = "vote"
)

// leaderElection is the annotation on an EventSource or a Sensor itself that asks for leases, by the value "k8s". Nothing else
// does: the controller puts its value, even if there is none, into the variable LEADER_ELECTION behind all variables of the
// template's container, and of one that is there twice the last counts (buildDeployment in pkg/reconciler/*/resource.go).
const leaderElection = "events.argoproj.io/leader-election"

// elect says how one of several pods is chosen. Without a bus, nil, the bus is taken for one of NATS.
func elect(annotations map[string]string, bus *EventBus) Election {
	if bus != nil && bus.OnKafka() || strings.ToLower(annotations[leaderElection]) == "k8s" {
		return ByLease
	}
	return ByVote
}

// Lease is how pods that elect by a lease keep it: how long it is good for, and how often they renew it or look at it. A
// variable whose value is not in the manifest, or no time, counts for nothing (durationFromEnv in pkg/shared/leaderelection).
func (t *Template) Lease() (good, retry time.Duration) {
	return t.time("LEADER_ELECTION_LEASE_DURATION", 5*time.Second), t.time("LEADER_ELECTION_RETRY_PERIOD", time.Second)
}

// time is that of a variable, of which the last of one name counts.
func (t *Template) time(name string, otherwise time.Duration) time.Duration {
	for _, v := range slices.Backward(t.Container.Env) {
		if v.Name != name {
			continue
		}
		if said, err := time.ParseDuration(v.Value); err == nil {
			return said
		}
		break
	}
	return otherwise
}

// The types of sources of which one pod works, and those of which all do, as keys of an EventSource. They are those of
// stacks/argo-events/facts.yaml, which is compared with the module by e2e/facts.
var (
	passive = []string{"amqp", "azureEventsHub", "azureServiceBus", "calendar", "emitter", "file", "generic", "hdfs", "kafka", "minio", "mqtt", "nats", "nsq", "pubSub", "pulsar", "redis", "redisStream", "resource", "sftp"}
	active  = []string{"azureQueueStorage", "bitbucket", "bitbucketserver", "gerrit", "github", "gitlab", "mns", "slack", "sns", "sqs", "storageGrid", "stripe", "webhook"}
)
