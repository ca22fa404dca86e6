package rules

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/argoevents"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// stream is the stream of an EventBus, and the servers that it is on.
type stream struct {
	// at is the field that says its replicas; replicas is 0 where nothing does, and the rest decides.
	at                []string
	replicas, servers int
	// own: the controller runs the servers, and its configuration says what the object does not.
	own bool
}

// streams walks over the buses of JetStream whose servers are known: those that the controller runs, and those that are
// behind a Service of the manifests.
func streams(s *workload.System) iter.Seq2[*manifest.Object, stream] {
	return func(yield func(*manifest.Object, stream) bool) {
		for o, b := range every[argoevents.EventBus](s, argoevents.APIVersion, "EventBus") {
			var st stream
			if js := b.Spec.JetStream; js != nil {
				st = stream{at: []string{"spec", "jetstream", "streamConfig"}, replicas: replicasOf(js.StreamConfig), own: true}
				if w := workloadOf(s, o); w != nil {
					st.servers = w.Replicas
				}
			} else if js := b.Spec.JetStreamExotic; js != nil {
				st = stream{at: []string{"spec", "jetstreamExotic", "streamConfig"}, replicas: replicasOf(js.StreamConfig), servers: serversAt(s, o, js.URL)}
			}
			if st.servers > 0 && !yield(o, st) {
				return
			}
		}
	}
}

// replicasOf reads what a stream's configuration says; keys are read in any case (argo-events reads them by viper).
func replicasOf(config string) int {
	var says map[string]any
	if err := yaml.Unmarshal([]byte(config), &says); err != nil {
		return 0
	}
	for key, value := range says {
		if n, is := value.(int); is && strings.EqualFold(key, "replicas") {
			return n
		}
	}
	return 0
}

// serversAt is how many servers are behind the one host of a URL, 0 if that is no Service of the manifests.
func serversAt(s *workload.System, o *manifest.Object, url string) int {
	_, host, _ := strings.Cut(url, "://")
	host, _, _ = strings.Cut(host, ":")
	labels := strings.Split(host, ".")
	for _, service := range s.Services {
		if service.Name != labels[0] || len(labels) == 1 && service.Namespace != o.Namespace || len(labels) > 1 && !sameNamespace(service.Namespace, labels[1]) {
			continue
		}
		by := behind(s, service)
		if len(by) == 1 && slices.ContainsFunc(running(by[0]), func(c container) bool { return slices.Contains(nats, c.software()) }) {
			return by[0].Replicas
		}
	}
	return 0
}
