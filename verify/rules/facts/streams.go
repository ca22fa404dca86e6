package facts

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
)

// Stream is the JetStream stream of an EventBus, and its servers.
type Stream struct {
	// Path is the field with its replicas. Replicas is 0 if the field is not set.
	Path              []string
	Replicas, Servers int
	// Managed is set if the controller runs the servers. Its configuration then has the default number of replicas.
	Managed bool
}

// Streams iterates over the JetStream EventBuses with a known number of servers: those that the controller runs, and those
// behind a Service of the manifests.
func (s *System) Streams() iter.Seq2[*manifest.Object, Stream] {
	return func(yield func(*manifest.Object, Stream) bool) {
		for o, b := range Objects[argoevents.EventBus](s, argoevents.APIVersion, "EventBus") {
			var st Stream
			if js := b.Spec.JetStream; js != nil {
				st = Stream{Path: []string{"spec", "jetstream", "streamConfig"}, Replicas: streamReplicas(js.StreamConfig), Managed: true}
				if w := s.WorkloadOf(o); w != nil {
					st.Servers = w.Replicas
				}
			} else if js := b.Spec.JetStreamExotic; js != nil {
				st = Stream{Path: []string{"spec", "jetstreamExotic", "streamConfig"}, Replicas: streamReplicas(js.StreamConfig), Servers: s.serversAt(o, js.URL)}
			}
			if st.Servers > 0 && !yield(o, st) {
				return
			}
		}
	}
}

// streamReplicas reads the replicas of a stream configuration, 0 if it has none. Keys are case-insensitive: argo-events reads
// them with viper.
func streamReplicas(config string) int {
	var values map[string]any
	if err := yaml.Unmarshal([]byte(config), &values); err != nil {
		return 0
	}
	for key, value := range values {
		if n, ok := value.(int); ok && strings.EqualFold(key, "replicas") {
			return n
		}
	}
	return 0
}

// serversAt returns the number of servers behind the host of a URL, 0 if the host is not a Service of the manifests.
func (s *System) serversAt(o *manifest.Object, url string) int {
	_, host, _ := strings.Cut(url, "://")
	host, _, _ = strings.Cut(host, ":")
	labels := strings.Split(host, ".")
	for _, service := range s.Services {
		if service.Name != labels[0] || len(labels) == 1 && service.Namespace != o.Namespace || len(labels) > 1 && !SameNamespace(service.Namespace, labels[1]) {
			continue
		}
		backends := s.Backends(service)
		if len(backends) == 1 && slices.ContainsFunc(Containers(backends[0]), Container.IsNATS) {
			return backends[0].Replicas
		}
	}
	return 0
}
