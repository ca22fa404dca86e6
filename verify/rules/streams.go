package rules

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// bus is what an EventBus says of its stream.
type bus struct {
	Spec struct {
		JetStream *struct {
			Replicas     *int
			StreamConfig string
		}
		JetStreamExotic *struct{ URL, StreamConfig string }
	}
}

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
		for o, b := range every[bus](s, argoEvents, "EventBus") {
			var st stream
			switch {
			case b.Spec.JetStream != nil:
				st = stream{[]string{"spec", "jetstream", "streamConfig"}, replicasOf(b.Spec.JetStream.StreamConfig), 3, true} // GetReplicas
				if n := b.Spec.JetStream.Replicas; n != nil {
					st.servers = *n
				}
			case b.Spec.JetStreamExotic != nil:
				st = stream{[]string{"spec", "jetstreamExotic", "streamConfig"}, replicasOf(b.Spec.JetStreamExotic.StreamConfig), serversAt(s, o, b.Spec.JetStreamExotic.URL), false}
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
	for at, service := range services(s) {
		if at.Name != labels[0] || len(labels) == 1 && at.Namespace != o.Namespace || len(labels) > 1 && !sameNamespace(at.Namespace, labels[1]) {
			continue
		}
		by := behind(s, at, service)
		if len(by) == 1 && slices.ContainsFunc(running(by[0]), func(c container) bool { return slices.Contains(nats, c.software()) }) {
			return by[0].Replicas
		}
	}
	return 0
}
