package argoevents

import (
	"slices"
	"strings"
	"time"
)

// Election is how the pods of an EventSource or a Sensor elect the active one.
type Election string

// The elections (pkg/shared/leaderelection, pkg/eventsources/eventing.go, pkg/sensors/listener.go).
const (
	// None: all pods are active.
	None Election = ""
	// ByLease: the holder of a Kubernetes Lease is active.
	ByLease Election = "lease"
	// ByVote: a majority of all pods elects the active one over the bus. It stays active if the others fail. If it fails itself,
	// the next election needs a majority of all pods again.
	ByVote Election = "vote"
)

// leaderElection is the annotation of an EventSource or a Sensor that selects leases, by the value "k8s". An environment variable
// in the template has no effect: the controller appends LEADER_ELECTION, even if empty, after all variables of the container, and
// the last of duplicate variables wins (buildDeployment in pkg/reconciler/*/resource.go).
const leaderElection = "events.argoproj.io/leader-election"

// elect returns how one of several pods becomes active. A nil bus is assumed to be a NATS bus.
func elect(annotations map[string]string, bus *EventBus) Election {
	if bus != nil && bus.OnKafka() || strings.ToLower(annotations[leaderElection]) == "k8s" {
		return ByLease
	}
	return ByVote
}

// Lease returns the timing of an election by Lease: its duration, and the interval at which pods renew it or try to acquire it.
// Variables without a literal duration are ignored (durationFromEnv in pkg/shared/leaderelection).
func (t *Template) Lease() (duration, retryPeriod time.Duration) {
	return t.duration("LEADER_ELECTION_LEASE_DURATION", 5*time.Second), t.duration("LEADER_ELECTION_RETRY_PERIOD", time.Second)
}

// duration returns the value of a variable. The last of duplicate variables wins.
func (t *Template) duration(name string, defaultValue time.Duration) time.Duration {
	for _, v := range slices.Backward(t.Container.Env) {
		if v.Name != name {
			continue
		}
		if d, err := time.ParseDuration(v.Value); err == nil {
			return d
		}
		break
	}
	return defaultValue
}

// The types of event sources with one active pod (passive) and with all pods active, as keys of an EventSource. A test compares
// them with stacks/argo-events/facts.yaml, and e2e/facts compares that file with the Argo Events module.
var (
	passive = []string{"amqp", "azureEventsHub", "azureServiceBus", "calendar", "emitter", "file", "generic", "hdfs", "kafka", "minio", "mqtt", "nats", "nsq", "pubSub", "pulsar", "redis", "redisStream", "resource", "sftp"}
	active  = []string{"azureQueueStorage", "bitbucket", "bitbucketserver", "gerrit", "github", "gitlab", "mns", "slack", "sns", "sqs", "storageGrid", "stripe", "webhook"}
)
