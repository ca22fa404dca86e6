package render_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/chart"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/generator/stack"
	"github.com/holdfast-ha/holdfast/profiles"
	"github.com/holdfast-ha/holdfast/stacks"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// oneOfEach has one event source and one sensor.
const oneOfEach = `
eventSources:
  orders:
    webhook:
      created: {port: "12000", endpoint: /orders, method: POST}
sensors:
  processor:
    dependencies:
      - {name: order, eventSourceName: orders, eventName: created}
    triggers:
      - template: {name: log, log: {}}
`

// TestRefusals: values that cannot be highly available, or that the API server would drop, are refused with a reason and a
// solution, and the solution is accepted. Values are merged into oneOfEach.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		values string
		// want are parts of the refusal: the key, the reason, the solution.
		want []string
		// good is the solution.
		good string
		// kube is the version of the cluster, if it matters; good is rendered for goodKube, or for the same version.
		kube, goodKube string
	}{
		{name: "an admission policy on an old cluster", values: `{admissionPolicy: {enabled: true}}`, kube: "1.35",
			want: []string{"admissionPolicy.enabled: MutatingAdmissionPolicy v1 needs Kubernetes 1.36, and this is v1.35", "disable it, and let webhook callers retry"},
			good: `{admissionPolicy: {enabled: true}}`, goodKube: "1.36"},
		// Quorum members.
		{name: "four quorum members", values: `{profile: multi-node, bus: {replicas: 4}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-node, bus: {replicas: 5}}`},
		{name: "two quorum members", values: `{profile: multi-zone, bus: {replicas: 2}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-zone, bus: {replicas: 3}}`},
		{name: "two quorum members on one node", values: `{bus: {replicas: 2}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{bus: {replicas: 1}}`},
		{name: "no quorum member", values: `{bus: {replicas: 0}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{bus: {replicas: 1}}`},
		{name: "seven quorum members", values: `{profile: multi-node, bus: {replicas: 7}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-node, bus: {replicas: 5}}`},
		// The schema refuses it, before thousands of routes are rendered.
		{name: "more quorum members than nodes in any cluster", values: `{profile: multi-node, bus: {replicas: 2000}}`,
			want: []string{"/bus/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-node, bus: {replicas: 5}}`},
		{name: "one quorum member in several zones", values: `{profile: multi-zone, bus: {replicas: 1}}`,
			want: []string{"bus.replicas: one quorum member cannot survive the failure of a zone, which profile multi-zone promises", "use 3 or 5, or profile single-node"},
			good: `{profile: single-node, bus: {replicas: 1}}`},
		{name: "one quorum member on several nodes", values: `{profile: multi-node, bus: {replicas: 1}}`,
			want: []string{"bus.replicas: one quorum member cannot survive the failure of a node, which profile multi-node promises", "use 3 or 5"},
			good: `{profile: multi-node, bus: {replicas: 3}}`},
		{name: "four members of a native bus", values: `{profile: multi-node, eventBus: {mode: native}, nativeBus: {replicas: 4}}`,
			want: []string{"/nativeBus/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-node, eventBus: {mode: native}, nativeBus: {replicas: 3}}`},
		{name: "more members of a native bus than zones", values: `{profile: multi-zone, eventBus: {mode: native}, nativeBus: {replicas: 5}}`,
			want: []string{"nativeBus.replicas", "zone", "use 3"},
			good: `{profile: multi-zone, eventBus: {mode: native}, nativeBus: {replicas: 3}}`},
		{name: "five servers without labels for zones in their pods", values: `{profile: multi-zone, bus: {replicas: 5}}`, kube: "1.34",
			want: []string{"bus.replicas: more servers than zones need the zone of each pod", "from 1.35 (this is v1.34", "use 3"},
			good: `{profile: multi-zone, bus: {replicas: 3}}`},
		{name: "five servers with labels for zones in their pods", values: `{profile: multi-zone, bus: {replicas: 5}}`, kube: "v1.34.9",
			want: []string{"bus.replicas"},
			good: `{profile: multi-zone, bus: {replicas: 5}}`, goodKube: "1.35"},

		// Certificates.
		{name: "cert-manager and a Secret of somebody else", values: `{eventBus: {tls: {existingSecret: mine, certManager: {enabled: true, issuerRef: {name: ca}}}}}`,
			want: []string{"eventBus.tls.existingSecret: cert-manager would replace the content of this Secret", "remove it, or disable eventBus.tls.certManager"},
			good: `{eventBus: {tls: {certManager: {enabled: true, issuerRef: {name: ca}}}}}`},
		{name: "cert-manager without an issuer", values: `{eventBus: {tls: {certManager: {enabled: true}}}}`,
			want: []string{"eventBus.tls.certManager.issuerRef.name: a certificate needs an issuer", "set its name"},
			good: `{eventBus: {tls: {certManager: {enabled: true, issuerRef: {name: ca, kind: ClusterIssuer}}}}}`},
		{name: "a renewal before the certificate is issued", values: `{eventBus: {tls: {certManager: {enabled: true, renewBefore: 2160h, issuerRef: {name: ca}}}}}`,
			want: []string{"eventBus.tls.certManager.renewBefore: 2160h is not shorter than duration, 2160h, which cert-manager refuses", "use a third of duration"},
			good: `{eventBus: {tls: {certManager: {enabled: true, renewBefore: 720h, issuerRef: {name: ca}}}}}`},
		{name: "days as the duration of a certificate", values: `{eventBus: {tls: {certManager: {enabled: true, duration: 90d, issuerRef: {name: ca}}}}}`,
			want: []string{"/eventBus/tls/certManager/duration"},
			good: `{eventBus: {tls: {certManager: {enabled: true, duration: 2160h, issuerRef: {name: ca}}}}}`},

		// Replicas of the stream.
		{name: "three replicas on one server", values: `{eventBus: {stream: {replicas: 3}}}`,
			want: []string{"eventBus.stream.replicas: 3 copies need 3 servers, and the bus has 1", "use 1, or a profile with more servers"},
			good: `{eventBus: {stream: {replicas: 1}}}`},
		{name: "three replicas with three servers", values: `{eventBus: {stream: {replicas: 3}}}`,
			want: []string{"or a profile with more"},
			good: `{profile: multi-node, eventBus: {stream: {replicas: 3}}}`},
		{name: "two replicas", values: `{profile: multi-node, eventBus: {stream: {replicas: 2}}}`,
			want: []string{"/eventBus/stream/replicas", "must be one of 1, 3, 5"},
			good: `{profile: multi-node, eventBus: {stream: {replicas: 3}}}`},
		{name: "one replica in multi-node", values: `{profile: multi-node, eventBus: {stream: {replicas: 1}}}`,
			want: []string{"eventBus.stream.replicas", "node", "use 3"},
			good: `{profile: multi-node, eventBus: {stream: {replicas: 3}}}`},
		{name: "five replicas in three zones", values: `{profile: multi-zone, bus: {replicas: 5}, eventBus: {stream: {replicas: 5}}}`,
			want: []string{"eventBus.stream.replicas: each copy needs its own zone, and profile multi-zone requires only 3 zones", "use 3"},
			good: `{profile: multi-zone, bus: {replicas: 5}, eventBus: {stream: {replicas: 3}}}`},

		// Numbers that the types of Argo Events do not hold: its controller cannot decode them.
		{name: "a number beyond its type", values: `{eventSources: {k: {kafka: {a: {url: "b:9092", topic: t, consumerGroup: {groupName: g}, limitEventsPerSecond: 99999999999999999999}}}}}`,
			want: []string{"/eventSources/k/kafka/a/limitEventsPerSecond", "maximum"},
			good: `{eventSources: {k: {kafka: {a: {url: "b:9092", topic: t, consumerGroup: {groupName: g}, limitEventsPerSecond: 100}}}}}`},

		// Elections.
		{name: "two pods of one sensor in a profile with single pods", values: `{profile: single-node, sensor: {election: {by: nats}}, sensors: {processor: {replicas: 2}}}`,
			want: []string{"sensors.processor.replicas: an election by majority among 2 needs both"},
			good: `{profile: single-node, sensors: {processor: {replicas: 2}}, eventSources: {clock: {replicas: 2, calendar: {tick: {interval: 10s}}}}}`},
		{name: "two sensor pods with an election by majority", values: `{profile: multi-node, sensor: {election: {by: nats}}}`,
			want: []string{"sensor.election.by: an election by majority among 2 needs both", "use leases, or 3 replicas"},
			good: `{profile: multi-node, sensor: {election: {by: leases}}}`},
		{name: "two sensor pods with an election by majority, then three", values: `{profile: multi-node, sensor: {election: {by: nats}, replicas: 2}}`,
			want: []string{"or 3 replicas"},
			good: `{profile: multi-node, sensor: {election: {by: nats}, replicas: 3}}`},
		{name: "two source pods with an election by majority", values: `{profile: multi-zone, activePassiveSource: {election: {by: nats}}}`,
			want: []string{"activePassiveSource.election.by: an election by majority among 2 needs both", "use leases, or 3 replicas"},
			good: `{profile: multi-zone, activePassiveSource: {election: {by: nats}, replicas: 3}}`},
		{name: "two pods of one sensor with an election by majority", values: `{profile: multi-node, sensor: {election: {by: nats}, replicas: 3}, sensors: {processor: {replicas: 2}}}`,
			want: []string{"sensors.processor.replicas", "an election by majority among 2 needs both"},
			good: `{profile: multi-node, sensor: {election: {by: nats}, replicas: 3}, sensors: {processor: {replicas: 3}}}`},
		{name: "two pods of one source with an election by majority", values: `{profile: multi-node, activePassiveSource: {election: {by: nats}, replicas: 3}, eventSources: {clock: {replicas: 2, calendar: {tick: {interval: 10s}}}}}`,
			want: []string{"eventSources.clock.replicas", "an election by majority among 2 needs both"},
			good: `{profile: multi-node, activePassiveSource: {election: {by: nats}, replicas: 3}, eventSources: {clock: {replicas: 3, calendar: {tick: {interval: 10s}}}}}`},

		// Disruption budgets of quorum members.
		{name: "two of three may be evicted", values: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 2}}}`,
			want: []string{"bus.podDisruptionBudget.maxUnavailable: 2 of 3 quorum members down leave no majority", "use 1"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "three of five may be evicted", values: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 3}, replicas: 5}}`,
			want: []string{"bus.podDisruptionBudget.maxUnavailable: 3 of 5 quorum members down leave no majority", "use 1"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 2}, replicas: 5}}`},
		{name: "none may be evicted", values: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 0}}}`,
			want: []string{"/bus/podDisruptionBudget/maxUnavailable", "minimum: got 0, want 1"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "a third may be evicted", values: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: "34%"}}}`,
			want: []string{"/bus/podDisruptionBudget/maxUnavailable", "got string, want null or integer"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "half must be available", values: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: "50%", maxUnavailable: null}}}`,
			want: []string{"/bus/podDisruptionBudget/minAvailable", "got string, want null or integer"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 2, maxUnavailable: null}}}`},
		{name: "one must be available", values: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 1, maxUnavailable: null}}}`,
			want: []string{"bus.podDisruptionBudget.minAvailable: 1 of 3 quorum members are no majority", "use 2, or maxUnavailable 1"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 2, maxUnavailable: null}}}`},
		{name: "all must be available", values: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 3, maxUnavailable: null}}}`,
			want: []string{"bus.podDisruptionBudget.minAvailable: 3 of 3 blocks every drain", "use 2, or maxUnavailable 1"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 2, maxUnavailable: null}}}`},
		{name: "minAvailable and maxUnavailable", values: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 2}}}`,
			want: []string{"bus.podDisruptionBudget: maxUnavailable and minAvailable exclude each other", "set one of them to null"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {minAvailable: 2, maxUnavailable: null}}}`},
		{name: "a budget for a single server", values: `{bus: {podDisruptionBudget: {maxUnavailable: 1}}}`,
			want: []string{"bus.podDisruptionBudget", "null"},
			good: `{bus: {podDisruptionBudget: null}}`},
		{name: "no controller may be evicted", values: `{profile: multi-node, controller: {podDisruptionBudget: {maxUnavailable: 0}}}`,
			want: []string{"/controller/podDisruptionBudget/maxUnavailable", "minimum: got 0, want 1"},
			good: `{profile: multi-node, controller: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "no sensor may be evicted", values: `{profile: multi-node, sensor: {podDisruptionBudget: {maxUnavailable: "0%"}}}`,
			want: []string{"/sensor/podDisruptionBudget/maxUnavailable", "'0%' does not match pattern '^[1-9][0-9]*%$'"},
			good: `{profile: multi-node, sensor: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "a percentage of a native bus", values: `{profile: multi-node, eventBus: {mode: native}, nativeBus: {podDisruptionBudget: {maxUnavailable: "50%"}}}`,
			want: []string{"/nativeBus/podDisruptionBudget/maxUnavailable", "got string, want null or integer"},
			good: `{profile: multi-node, eventBus: {mode: native}, nativeBus: {podDisruptionBudget: {maxUnavailable: 1}}}`},

		// Limits of the stream, in units that Argo Events accepts.
		// The limits of the stream and of events.
		{name: "no limit of bytes", values: `{eventBus: {stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.stream.maxBytes: without a limit, the stream fills the store", "remove it, or use at most 6764573491"},
			good: `{eventBus: {stream: {maxBytes: 6764573491}}}`},
		{name: "zero bytes, which NATS reads as no limit", values: `{eventBus: {stream: {maxBytes: 0}}}`,
			want: []string{"eventBus.stream.maxBytes: without a limit"},
			good: `{eventBus: {stream: {maxBytes: null}}}`},
		{name: "a limit of bytes that the servers cannot store", values: `{eventBus: {stream: {maxBytes: 6764573492}}}`,
			want: []string{"eventBus.stream.maxBytes: 6764573492 bytes leave too little of bus.storage.size", "use at most 6764573491, or larger volumes"},
			good: `{eventBus: {stream: {maxBytes: 6764573492}}, bus: {storage: {size: 11Gi}}}`},
		{name: "a limit of bytes that native servers cannot store", values: `{eventBus: {mode: native, stream: {maxBytes: 6764573492}}}`,
			want: []string{"bytes leave too little of nativeBus.storage.size", "use at most 6764573491"},
			good: `{eventBus: {mode: native, stream: {maxBytes: 6764573492}}, nativeBus: {storage: {size: 1Ti}}}`},
		{name: "more bytes than a number of JSON holds", values: `{eventBus: {stream: {maxBytes: 99999999999999999999}}}`,
			want: []string{"/eventBus/stream/maxBytes", "maximum"},
			good: `{eventBus: {stream: {maxBytes: 1000000}}}`},
		{name: "more messages than a number of JSON holds", values: `{eventBus: {stream: {maxMsgs: 9223372036854775808}}}`,
			want: []string{"/eventBus/stream/maxMsgs", "maximum"},
			good: `{eventBus: {stream: {maxMsgs: -1}}}`},
		{name: "a volume whose size overflows", values: `{bus: {storage: {size: 99999999999Ti}}}`,
			want: []string{"/bus/storage/size", "does not match pattern"},
			good: `{bus: {storage: {size: 999Ti}}}`},
		{name: "an event larger than what a server may have pending", values: `{eventBus: {maxPayload: 100MB}}`,
			want: []string{"eventBus.maxPayload: 100MB is more than 64MB, and nats-server does not start with it", "use at most 64MB"},
			good: `{eventBus: {maxPayload: 64MB}}`},
		{name: "a size of an event that overflows 32 bits", values: `{eventBus: {maxPayload: "4294967297"}}`,
			want: []string{"/eventBus/maxPayload"},
			good: `{eventBus: {maxPayload: "67108864"}}`},
		{name: "events that are gone before their duplicates", values: `{eventBus: {stream: {maxAge: 2m}}}`,
			want: []string{"eventBus.stream.maxAge: 2m is shorter than the window of eventBus.stream.duplicates, 300s", "lower duplicates to 2m, or raise maxAge"},
			good: `{eventBus: {stream: {maxAge: 2m, duplicates: 1.5m30s}}}`},
		{name: "an age beyond 292 years", values: `{eventBus: {stream: {maxAge: 9999999h}}}`,
			want: []string{"eventBus.stream.maxAge: 9999999h is longer than the 292 years of a Go duration"},
			good: `{eventBus: {stream: {maxAge: 87600h}}}`},
		{name: "a window shorter than NATS allows", values: `{eventBus: {stream: {duplicates: 50ms}}}`,
			want: []string{"eventBus.stream.duplicates: 50ms is shorter than 100ms, which NATS refuses"},
			good: `{eventBus: {stream: {duplicates: 100ms}}}`},
		{name: "a size with a unit", values: `{eventBus: {stream: {maxBytes: 1GB}}}`,
			want: []string{"/eventBus/stream/maxBytes", "got string, want null or integer"},
			good: `{eventBus: {stream: {maxBytes: 1073741824}}}`},
		{name: "a number in quotes", values: `{eventBus: {stream: {maxMsgs: "1000"}}}`,
			want: []string{"/eventBus/stream/maxMsgs", "got string, want integer"},
			good: `{eventBus: {stream: {maxMsgs: 1000}}}`},
		{name: "a time in days", values: `{eventBus: {stream: {maxAge: 7d}}}`,
			want: []string{"/eventBus/stream/maxAge", "'7d' does not match pattern", "(ms|s|m|h)"},
			good: `{eventBus: {stream: {maxAge: 168h}}}`},
		{name: "a time without a unit", values: `{eventBus: {stream: {maxAge: 72}}}`,
			want: []string{"/eventBus/stream/maxAge", "got number, want string"},
			good: `{eventBus: {stream: {maxAge: 72h}}}`},
		{name: "no window for duplicates", values: `{eventBus: {stream: {duplicates: ""}}}`,
			want: []string{"/eventBus/stream/duplicates", "does not match pattern", "(ms|s|m|h)"},
			good: `{eventBus: {stream: {duplicates: 1h30m}}}`},
		{name: "a payload with a wrong unit", values: `{eventBus: {maxPayload: 1MiB}}`,
			want: []string{"/eventBus/maxPayload", "'1MiB' does not match pattern", "[kKmM]"},
			good: `{eventBus: {maxPayload: 512KB}}`},

		// Modes of the bus.
		{name: "an unknown version of JetStream", values: `{eventBus: {mode: native}, nativeBus: {version: "2.9.0"}}`,
			want: []string{`nativeBus.version: "2.9.0" is not a configured version (2.15.2, 2.10.29)`, "use one of these, or add it to nativeBus.versions"},
			good: `{eventBus: {mode: native}, nativeBus: {version: "2.10.29"}}`},
		{name: "Kafka without an address", values: `{eventBus: {mode: kafka}}`,
			want: []string{"eventBus.kafka.url: missing in mode kafka", "set the broker addresses, host:port, separated by commas"},
			good: `{eventBus: {mode: kafka, kafka: {url: "kafka:9092"}}}`},
		{name: "an external bus without an address", values: `{eventBus: {mode: external, external: {tls: {enabled: true}}, stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.external.url: missing in mode external"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus in another mode", values: `{eventBus: {external: {url: 'nats://a:4222'}}}`,
			want: []string{"eventBus.external: only mode external uses it"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus with settings of the stream", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}, streamConfig: 'replicas: 1'}, stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.external.streamConfig: the settings of the stream are in eventBus.stream"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus without TLS", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222'}, stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.external.tls: without it", "set tls.caCertSecret, or tls.enabled=true"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus that accepts every certificate", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {insecureSkipVerify: true}}, stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.external.tls.insecureSkipVerify: event sources and sensors would send the password to any server"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus with half a certificate", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true, clientKeySecret: {name: a, key: b}}}, stream: {maxBytes: -1}}}`,
			want: []string{"eventBus.external.tls: both of clientCertSecret and clientKeySecret need to be configured"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus with a Secret without a name", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222', accessSecret: {key: a}, tls: {enabled: true}}, stream: {maxBytes: -1}}}`,
			want: []string{"/eventBus/external/accessSecret", "missing property 'name'"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "an external bus of an unknown size", values: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}}}`,
			want: []string{"eventBus.stream.maxBytes: the disks of the servers are unknown"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "a misspelt field of an external bus", values: `{eventBus: {mode: external, external: {urls: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`,
			want: []string{"/eventBus/external", "'urls'"},
			good: `{eventBus: {mode: external, external: {url: 'nats://a:4222', tls: {enabled: true}}, stream: {maxBytes: -1}}}`},
		{name: "Kafka in another mode", values: `{eventBus: {kafka: {url: "kafka:9092"}}}`,
			want: []string{"eventBus.kafka: only mode kafka uses it", "set eventBus.mode to kafka, or remove it"},
			good: `{eventBus: {mode: kafka, kafka: {url: "kafka:9092"}}}`},
		{name: "an unknown mode", values: `{eventBus: {mode: stan}}`,
			want: []string{"/eventBus/mode", "'managed'", "'native'", "'kafka'", "'external'"},
			good: `{eventBus: {mode: native}}`},

		// Migrations of the bus.
		{name: "a migration between the same servers", values: `{profile: multi-zone, migration: {from: multi-node, id: one}}`,
			want: []string{"migration.from: from multi-node to multi-zone the servers keep their disks", "remove it"},
			good: `{profile: multi-zone, migration: {from: single-node, id: one}}`},
		{name: "a migration to the same profile", values: `{profile: single-node, migration: {from: single-node, id: one}}`,
			want: []string{"migration.from: from single-node to single-node"},
			good: `{profile: single-node, migration: {from: multi-node, id: one}}`},
		{name: "a migration from a standalone server with a count of five", values: `{profile: multi-node, migration: {from: single-node, id: one, servers: 5}}`,
			want: []string{"migration.from: from single-node to multi-node the servers keep their disks"},
			good: `{profile: multi-node, migration: {from: single-node, id: one, servers: 1}}`},
		{name: "a migration of five servers to five", values: `{profile: multi-zone, bus: {replicas: 5}, migration: {from: multi-node, id: one, servers: 5}}`,
			want: []string{"migration.from: from multi-node to multi-zone the servers keep their disks"},
			good: `{profile: single-node, migration: {from: multi-zone, id: one, servers: 5}}`},
		{name: "a migration to five servers without labels for zones in their pods", values: `{profile: multi-zone, bus: {replicas: 5}, migration: {from: single-node, id: one}}`, kube: "1.34",
			want: []string{"bus.replicas: more servers than zones need the zone of each pod"},
			good: `{profile: multi-zone, bus: {replicas: 5}, migration: {from: single-node, id: one}}`, goodKube: "1.35"},
		{name: "a migration without an id", values: `{profile: multi-node, migration: {from: single-node}}`,
			want: []string{"migration.id: a migration needs an id that no earlier one had", "use the date"},
			good: `{profile: multi-node, migration: {from: single-node, id: "2026-11-21"}}`},
		{name: "an id that is invalid in the name of a stream", values: `{profile: multi-node, migration: {from: single-node, id: "21.11."}}`,
			want: []string{"/migration/id", "pattern"},
			good: `{profile: multi-node, migration: {from: single-node, id: 21-11}}`},
		{name: "a migration from an unknown profile", values: `{profile: multi-node, migration: {from: laptop, id: one}}`,
			want: []string{"/migration/from", "'single-node'"},
			good: `{profile: multi-node, migration: {from: single-node, id: one}}`},
		{name: "a migration of a native bus", values: `{profile: multi-node, eventBus: {mode: native}, migration: {from: single-node, id: one}}`,
			want: []string{"migration.from: the chart can migrate only a bus of mode managed, and this is native", "remove it"},
			good: `{profile: multi-node, eventBus: {mode: native}}`},

		// Event sources.
		{name: "a webhook without a method", values: `{eventSources: {users: {webhook: {signed-up: {port: "12000", endpoint: /users}}}}}`,
			want: []string{"/eventSources/users/webhook/signed-up'", "missing property 'method'"},
			good: `{eventSources: {users: {webhook: {signed-up: {port: "12000", endpoint: /users, method: POST}}}}}`},
		{name: "a webhook for PUT", values: `{eventSources: {users: {webhook: {signed-up: {port: "12000", endpoint: /users, method: PUT}}}}}`,
			want: []string{"/eventSources/users/webhook/signed-up/method'", "must be one of 'GET', 'POST'"},
			good: `{eventSources: {users: {webhook: {signed-up: {port: "12000", endpoint: /users, method: GET}}}}}`},
		{name: "active-passive and active-active types in one source", values: `{eventSources: {mixed: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}, calendar: {tick: {interval: 10s}}}}}`,
			want: []string{"eventSources.mixed: event sources with rolling update and recreate update strategy can not be put together", "webhook runs in all replicas and calendar in one", "split it into two event sources"},
			good: `{eventSources: {mixed: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}, clock: {calendar: {tick: {interval: 10s}}}}}`},
		{name: "one event of two types", values: `{eventSources: {queues: {sqs: {in: {region: r, queue: q}}, sns: {in: {region: r, topicArn: t, webhook: {port: "12000", endpoint: /in, method: POST}}}}}}`,
			want: []string{`eventSources.queues.sqs.in: more than one "in" found in the spec`, "another type has an event of the same name", "rename one"},
			good: `{eventSources: {queues: {sqs: {in: {region: r, queue: q}}, sns: {out: {region: r, topicArn: t, webhook: {port: "12000", endpoint: /in, method: POST}}}}}}`},
		{name: "two types on one port", values: `{eventSources: {hooks: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}, github: {pushed: {organizations: [acme], webhook: {port: "12000", endpoint: /push, method: POST}}}}}}`,
			want: []string{"eventSources.hooks.webhook: github also listens on port 12000, and only one of them can", "give each type its own port"},
			good: `{eventSources: {hooks: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}, github: {pushed: {organizations: [acme], webhook: {port: "12001", endpoint: /push, method: POST}}}}}}`},
		{name: "a port that is not a number", values: `{eventSources: {users: {webhook: {in: {port: http, endpoint: /in, method: POST}}}}}`,
			want: []string{`eventSources.users.webhook.in.port: failed to parse server port http`, `use a number in quotes, "12000"`},
			good: `{eventSources: {users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`},
		{name: "a port above 65535", values: `{eventSources: {users: {webhook: {in: {port: "70000", endpoint: /in, method: POST}}}}}`,
			want: []string{`eventSources.users.webhook.in.port: "70000" is not a port`},
			good: `{eventSources: {users: {webhook: {in: {port: "65535", endpoint: /in, method: POST}}}}}`},
		{name: "no port", values: `{eventSources: {users: {webhook: {in: {endpoint: /in, method: POST}}}}}`,
			want: []string{"eventSources.users.webhook.in.port: port can't be empty", `set one in quotes, "12000"`},
			good: `{eventSources: {users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`},
		{name: "an event with a dot in its name", values: `{eventSources: {users: {webhook: {signed.up: {port: "12000", endpoint: /in, method: POST}}}}}`,
			want: []string{"/eventSources/users/webhook'", "additional properties 'signed.up' not allowed"},
			good: `{eventSources: {users: {webhook: {signed-up: {port: "12000", endpoint: /in, method: POST}}}}}`},
		{name: "a source without events", values: `{eventSources: {users: {}}}`,
			want: []string{"eventSources.users: no type of event source is set", "add one, for example webhook"},
			good: `{eventSources: {users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`},
		{name: "a field of containers that the resource does not have", values: `{eventSources: {orders: {template: {container: {livenessProbe: {httpGet: {port: 1}}}}}}}`,
			want: []string{"/eventSources/orders/template/container", "'livenessProbe'"},
			good: `{eventSources: {orders: {template: {container: {env: [{name: A, value: b}]}}}}}`},
		{name: "a field of pods that the resource does not have", values: `{eventSources: {orders: {template: {topologySpreadConstraints: []}}}}`,
			want: []string{"/eventSources/orders/template", "'topologySpreadConstraints'"},
			good: `{eventSources: {orders: {template: {nodeSelector: {disk: fast}}}}}`},
		{name: "a misspelt type", values: `{eventSources: {users: {webhok: {in: {port: "12000", endpoint: /in, method: POST}}}}}`,
			want: []string{"/eventSources/users", "'webhok'"},
			good: `{eventSources: {users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`},
		{name: "an invalid name", values: `{eventSources: {My_Users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`,
			want: []string{"/eventSources", "'My_Users'"},
			good: `{eventSources: {my-users: {webhook: {in: {port: "12000", endpoint: /in, method: POST}}}}}`},

		// Sensors.
		{name: "a dependency on an unknown event", values: `{sensors: {processor: {dependencies: [{name: order, eventSourceName: orders, eventName: create}]}}}`,
			want: []string{`sensors.processor.dependencies[0].eventName: event source orders has no event "create", so the sensor would never trigger`, "use one of created"},
			good: `{sensors: {processor: {dependencies: [{name: order, eventSourceName: orders, eventName: created}]}}}`},
		{name: "a dependency without an event", values: `{sensors: {processor: {dependencies: [{name: order, eventSourceName: orders}]}}}`,
			want: []string{"sensors.processor.dependencies[0].eventName: event dependency must define the EventName"},
			good: `{sensors: {processor: {dependencies: [{name: order, eventSourceName: of-another-release, eventName: any}]}}}`},
		{name: "a trigger without a name", values: `{sensors: {processor: {triggers: [{template: {log: {}}}]}}}`,
			want: []string{"/sensors/processor/triggers/0/template'", "missing property 'name'"},
			good: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}}]}}}`},
		{name: "a dead letter of a trigger that acknowledges first", values: `{sensors: {processor: {triggers: [{atLeastOnce: false, template: {name: log, log: {}}, dlqTrigger: {template: {name: dead, log: {}}}}]}}}`,
			want: []string{"sensors.processor.triggers[0].dlqTrigger: to use dlqTrigger, trigger.atLeastOnce must be set to true", "dead letters need events that are acknowledged after their trigger has run", "set atLeastOnce to true on both triggers, or remove dlqTrigger"},
			good: `{sensors: {processor: {triggers: [{atLeastOnce: true, template: {name: log, log: {}}, dlqTrigger: {template: {name: dead, log: {}}}}]}}}`},
		{name: "a dead letter that acknowledges first", values: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}, dlqTrigger: {atLeastOnce: false, template: {name: dead, log: {}}}}]}}}`,
			want: []string{"sensors.processor.triggers[0].dlqTrigger: to use dlqTrigger, trigger.atLeastOnce must be set to true", "dead letters need events that are acknowledged after their trigger has run", "set atLeastOnce to true on both triggers, or remove dlqTrigger"},
			good: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}, dlqTrigger: {template: {name: dead, log: {}}}}]}}}`},
		{name: "a dead letter without at-least-once delivery", values: `{sensor: {atLeastOnce: false}, sensors: {processor: {triggers: [{template: {name: log, log: {}}, dlqTrigger: {template: {name: dead, log: {}}}}]}}}`,
			want: []string{"sensors.processor.triggers[0].dlqTrigger", "set atLeastOnce to true on both"},
			good: `{sensor: {atLeastOnce: false}, sensors: {processor: {triggers: [{atLeastOnce: true, template: {name: log, log: {}}, dlqTrigger: {atLeastOnce: true, template: {name: dead, log: {}}}}]}}}`},
		{name: "two triggers of one name", values: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}}, {template: {name: log, log: {}}}]}}}`,
			want: []string{"sensors.processor.triggers[1].template.name: duplicate trigger name: log", "rename one"},
			good: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}}, {template: {name: log-2, log: {}}}]}}}`},
		{name: "two dependencies of one name", values: `{sensors: {processor: {dependencies: [{name: a, eventSourceName: x, eventName: b}, {name: a, eventSourceName: x, eventName: c}]}}}`,
			want: []string{`sensors.processor.dependencies[1].name: another dependency has the name "a"`, "rename one"},
			good: `{sensors: {processor: {dependencies: [{name: a, eventSourceName: x, eventName: b}, {name: b, eventSourceName: x, eventName: b}]}}}`},
		{name: "a condition without a name", values: `{sensors: {processor: {triggers: [{template: {name: log, conditions: "(order || ) && order", log: {}}}]}}}`,
			want: []string{"sensors.processor.triggers[0].template.conditions: Failed to compile original dependency expression", "join the names"},
			good: `{sensors: {processor: {triggers: [{template: {name: log, conditions: "((order || order) && order)", log: {}}}]}}}`},
		{name: "a dead letter without a name", values: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}, dlqTrigger: {template: {log: {}}}}]}}}`,
			want: []string{"/sensors/processor/triggers/0/dlqTrigger/template'", "missing property 'name'"},
			good: `{sensors: {processor: {triggers: [{template: {name: log, log: {}}, dlqTrigger: {template: {name: dead, log: {}}}}]}}}`},
		{name: "retries of a trigger that acknowledges first", values: `{sensors: {processor: {triggers: [{atLeastOnce: false, retryStrategy: {steps: 3}, template: {name: log, log: {}}}]}}}`,
			want: []string{"sensors.processor.triggers[0].retryStrategy: an event that is acknowledged before its trigger runs is never retried", "set atLeastOnce to true, or remove the strategy"},
			good: `{sensors: {processor: {triggers: [{atLeastOnce: false, template: {name: log, log: {}}}]}}}`},
		{name: "a removed field of sensors", values: `{sensors: {processor: {circuit: a}}}`,
			want: []string{"/sensors/processor", "'circuit'"},
			good: `{sensors: {processor: {errorOnFailedRound: true}}}`},
		{name: "a field of pods that a sensor does not have", values: `{sensors: {processor: {template: {hostNetwork: true}}}}`,
			want: []string{"/sensors/processor/template", "'hostNetwork'"},
			good: `{sensors: {processor: {template: {priority: 1}}}}`},
		{name: "a misspelt field of a trigger", values: `{sensors: {processor: {triggers: [{atLeastOne: true, template: {name: log, log: {}}}]}}}`,
			want: []string{"/sensors/processor/triggers/0", "'atLeastOne'"},
			good: `{sensors: {processor: {triggers: [{atLeastOnce: true, template: {name: log, log: {}}}]}}}`},
		{name: "a sensor without triggers", values: `{sensors: {idle: {dependencies: [{name: order, eventSourceName: orders, eventName: created}]}}}`,
			want: []string{"/sensors/idle", "'triggers'"},
			good: `{sensors: {idle: {dependencies: [{name: order, eventSourceName: orders, eventName: created}], triggers: [{template: {name: log, log: {}}}]}}}`},

		// The leaf.
		{name: "a leaf on fewer nodes than an event source", values: `{profile: multi-node, leaf: {nodeSelector: {pool: events}}, sensor: {nodeSelector: {pool: events}}}`,
			want: []string{"leaf.nodeSelector: it keeps the leaf from nodes where eventSources.orders may run, and a pod without a leaf on its node cannot reach the bus", "give the template of each of them the same nodeSelector"},
			good: `{profile: multi-node, leaf: {nodeSelector: {pool: events}}, sensor: {nodeSelector: {pool: events}}, eventSources: {orders: {template: {nodeSelector: {pool: events}}}}}`},
		{name: "a leaf on other nodes than a sensor", values: `{profile: multi-node, leaf: {affinity: ` + inPools("a") + `}, activeActiveSource: {nodeSelector: {pool: a}}, sensors: {processor: {template: {affinity: ` + inPools("a, b") + `}}}}`,
			want: []string{"leaf.affinity: it keeps the leaf from nodes where sensors.processor may run"},
			good: `{profile: multi-node, leaf: {affinity: ` + inPools("a, b, c") + `}, activeActiveSource: {nodeSelector: {pool: a}}, sensors: {processor: {template: {affinity: ` + inPools("b, a") + `}}}}`},

		// Limits of types of event sources.
		{name: "a hook that each pod deletes", values: `{profile: multi-node, eventSources: {code: {gitlab: {pushes: {deleteHookOnFinish: true, ` + aHook + `}}}}}`,
			want: []string{"eventSources.code.gitlab.pushes.deleteHookOnFinish: all 2 pods share one hook", "remove it"},
			good: `{profile: multi-node, eventSources: {code: {gitlab: {pushes: {` + aHook + `}}}}}`},
		{name: "a folder of the node under a file event source", values: `{profile: multi-node, eventSources: {inbox: {file: {new: {eventType: CREATE, watchPathConfig: {directory: /inbox, path: a}}}, template: {volumes: [{name: i, hostPath: {path: /srv}}], container: {volumeMounts: [{name: i, mountPath: /inbox}]}}}}}`,
			want: []string{"eventSources.inbox.template.volumes: i is a folder of the node", "use a PersistentVolumeClaim with ReadWriteMany, or replicas 1"},
			good: `{profile: multi-node, eventSources: {inbox: {file: {new: {eventType: CREATE, watchPathConfig: {directory: /inbox, path: a}}}, template: {volumes: [{name: i, persistentVolumeClaim: {claimName: inbox}}], container: {volumeMounts: [{name: i, mountPath: /inbox}]}}}}}`},

		// Ingresses and routes.
		{name: "an Ingress to no event source", values: `{ingresses: {order: {hosts: [a.example.org]}}}`,
			want: []string{"ingresses.order: there is no event source of this name"},
			good: `{ingresses: {orders: {hosts: [a.example.org]}}}`},
		{name: "a route to an event source without an HTTP server", values: `{eventSources: {clock: {calendar: {tick: {interval: 1m}}}}, httpRoutes: {clock: {parentRefs: [{name: public}]}}}`,
			want: []string{"httpRoutes.clock: the event source has no HTTP server"},
			good: `{eventSources: {clock: {calendar: {tick: {interval: 1m}}}}, httpRoutes: {orders: {parentRefs: [{name: public}]}}}`},
		{name: "an Ingress to a port that the Service lacks", values: `{eventSources: {orders: {service: {ports: [{port: 80, targetPort: 8080}]}}}, ingresses: {orders: {hosts: [a.example.org]}}}`,
			want: []string{"ingresses.orders: the Service of the event source has no port for its HTTP port 12000"},
			good: `{eventSources: {orders: {service: {ports: [{port: 80, targetPort: 12000}]}}}, ingresses: {orders: {hosts: [a.example.org]}}}`},

		// Options of nats-server.
		{name: "an option that the chart decides", values: `{bus: {config: {listen: "0.0.0.0:4222"}}}`,
			want: []string{"/bus/config", "'listen'"},
			good: `{bus: {config: {max_connections: 100}}}`},
		{name: "an option of a cluster for a standalone server", values: `{bus: {config: {cluster: {pool_size: 4}}}}`,
			want: []string{"bus.config.cluster: a standalone server has no cluster"},
			good: `{profile: multi-node, bus: {config: {cluster: {pool_size: 4}}}}`},
		{name: "a common label that selectors have", values: `{commonLabels: {app.kubernetes.io/name: mine}}`,
			want: []string{"/commonLabels/app.kubernetes.io~1name"},
			good: `{commonLabels: {team: mine}}`},

		// Keys.
		{name: "a misspelt field of a Kafka bus", values: `{eventBus: {mode: kafka, kafka: {url: "kafka:9092", topics: a}}}`,
			want: []string{"/eventBus/kafka", "'topics'"},
			good: `{eventBus: {mode: kafka, kafka: {url: "kafka:9092", topic: a}}}`},
		{name: "a misspelt budget", values: `{profile: multi-node, bus: {podDisruptionBudgt: {maxUnavailable: 1}}}`,
			want: []string{"/bus", "'podDisruptionBudgt'"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "a second handler of a probe", values: `{bus: {readinessProbe: {httpGet: {path: /, port: 1}}}}`,
			want: []string{"/bus/readinessProbe", "'httpGet'"},
			good: `{bus: {readinessProbe: {periodSeconds: 7}}}`},
		{name: "a misspelt field of a budget", values: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailible: 1}}}`,
			want: []string{"/bus/podDisruptionBudget", "'maxUnavailible'"},
			good: `{profile: multi-node, bus: {podDisruptionBudget: {maxUnavailable: 1}}}`},
		{name: "a misspelt key", values: `{eventSource: {}}`,
			want: []string{"'eventSource'"},
			good: `{eventSources: {}}`},
		{name: "an unknown profile", values: `{profile: multi-region}`,
			want: []string{"/profile", "'single-node'", "'multi-node'", "'multi-zone'"},
			good: `{profile: multi-zone}`},
		{name: "an override of an unknown object", values: `{overrides: {"StatefulSet/buss": {spec: {}}}}`,
			want: []string{"/overrides", "'StatefulSet/buss'"},
			good: `{overrides: {"StatefulSet/bus": {spec: {}}}}`},
		{name: "an object without a kind", values: `{extraObjects: [{apiVersion: v1, metadata: {name: a}}]}`,
			want: []string{"/extraObjects/0", "'kind'"},
			good: `{extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := rendered(t, c.values, c.kube)
			if err == nil {
				t.Fatal("is not refused")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the refusal does not contain %q:\n%v", part, err)
				}
			}
			kube := c.goodKube
			if kube == "" {
				kube = c.kube
			}
			if objects, err := rendered(t, c.good, kube); err != nil {
				t.Errorf("the solution %s is refused:\n%v", c.good, err)
			} else if len(objects) == 0 {
				t.Errorf("the solution %s renders nothing", c.good)
			}
		})
	}
}

// aHook are the fields that an event of GitLab needs.
const aHook = `events: [PushEvents], gitlabBaseURL: https://gitlab.com, accessToken: {name: a, key: b}, webhook: {port: "12000", endpoint: /push, method: POST, url: https://a.example.org}`

// inPools returns a required node affinity to nodes with one of some values of the label pool.
func inPools(values string) string {
	return "{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [" + values + "]}]}]}}}"
}

// TestNullKeys: a key whose content is commented out is null, and has the same effect as no content.
func TestNullKeys(t *testing.T) {
	for _, key := range []string{"eventSources", "sensors", "overrides", "extraObjects", "imagePullSecrets"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			none, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default", Values: map[string]any{key: nil}})
			if err != nil {
				t.Fatal(err)
			}
			want, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default"})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := kinds(none), kinds(want); !slices.Equal(got, want) {
				t.Errorf("renders %q, want %q", got, want)
			}
		})
	}
}

func kinds(objects []manifest.Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Source+" "+o.Kind)
	}
	return all
}

// TestRefusalsOfWeb: refusals of values that only the web stack has.
func TestRefusalsOfWeb(t *testing.T) {
	web := must(shippedChart("web"))
	for _, c := range []struct {
		name, values string
		want         []string
		good         string
	}{
		{"two pods of a single component", `{worker: {replicas: 2}}`,
			[]string{"/worker/replicas", "maximum: got 2, want 1 (a second pod would do the same work again)"}, `{worker: {replicas: 1}}`},
		{"an autoscaler with a maximum below the profile's replicas", `{profile: multi-node, api: {autoscaling: {enabled: true, maxReplicas: 1}}}`,
			[]string{"api.autoscaling.maxReplicas", "2"}, `{profile: multi-node, api: {autoscaling: {enabled: true, maxReplicas: 2}}}`},
		{"two quorum members", `{profile: multi-node, store: {replicas: 2}}`,
			[]string{"/store/replicas", "must be one of 1, 3, 5"}, `{profile: multi-node, store: {replicas: 3}}`},
		{"a budget that allows no eviction", `{profile: multi-node, api: {podDisruptionBudget: {maxUnavailable: 0}}}`,
			[]string{"/api/podDisruptionBudget/maxUnavailable", "minimum: got 0, want 1 (0 blocks every drain: use 1)"}, `{profile: multi-node, api: {podDisruptionBudget: {maxUnavailable: 1}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := render.Options{Release: "shop", Namespace: "default", Values: decoded(t, c.values)}
			if _, err := render.Render(web, o); err == nil {
				t.Error("is not refused")
			} else {
				for _, part := range c.want {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the refusal does not contain %q:\n%v", part, err)
					}
				}
			}
			o.Values = decoded(t, c.good)
			if _, err := render.Render(web, o); err != nil {
				t.Errorf("the solution %s is refused:\n%v", c.good, err)
			}
		})
	}
}

// TestIngressWithoutAClass: an empty class means the default of the cluster; the API server refuses an empty class name.
func TestIngressWithoutAClass(t *testing.T) {
	objects, err := render.Render(must(shippedChart("web")), render.Options{Release: "shop", Namespace: "default", Values: decoded(t, `{api: {ingress: {enabled: true, host: example.org}}}`)})
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, o := range objects {
		seen = seen || o.Kind == "Ingress"
		if o.Kind == "Ingress" && strings.Contains(o.Text, `ingressClassName: ""`) {
			t.Errorf("%s: ingressClassName is empty", o.Source)
		}
	}
	if !seen {
		t.Error("no Ingress was rendered")
	}
}

// TestRenderValidatesBySchema: Render refuses the values that the schema refuses in renderOnce.
func TestRenderValidatesBySchema(t *testing.T) {
	for _, values := range []string{`{bus: {podDisruptionBudgt: {maxUnavailable: 1}}}`, `{eventSources: {orders: {template: {hostNetwork: true}}}}`} {
		_, want := rendered(t, values, "")
		_, err := render.Render(must(flagship()), render.Options{Release: "events", Namespace: "default", Values: over(decoded(t, oneOfEach), decoded(t, values))})
		if want == nil || err == nil {
			t.Errorf("%s: Render returns %v, the schema %v", values, err, want)
			continue
		}
		if _, refusal, _ := strings.Cut(want.Error(), "\n"); !strings.Contains(err.Error(), refusal) {
			t.Errorf("%s: Render returns %v, the schema %v", values, err, want)
		}
	}
}

// rendered merges values into oneOfEach and renders the chart of Argo Events.
func rendered(t *testing.T, values, kube string) ([]manifest.Object, error) {
	t.Helper()
	o := render.Options{Release: "events", Namespace: "default", KubeVersion: kube, Values: over(decoded(t, oneOfEach), decoded(t, values))}
	all, err := chartutil.CoalesceValues(must(flagship()), o.Values)
	if err != nil {
		t.Fatal(err)
	}
	return renderOnce(o, all)
}

// renderOnce renders complete values like Render, but compiles the schema once for all tests, because that takes longer
// than rendering.
func renderOnce(o render.Options, all map[string]any) ([]manifest.Object, error) {
	if err := must(schema()).Validate(all); err != nil {
		return nil, err
	}
	c := *must(flagship())
	c.Schema = nil
	return render.Render(&c, o)
}

// flagship returns the chart of the stack argo-events.
var flagship = sync.OnceValues(func() (*render.Chart, error) { return shippedChart("argo-events") })

func shippedChart(name string) (*render.Chart, error) {
	st, err := stack.Load(stacks.FS, name+".yaml")
	if err != nil {
		return nil, err
	}
	all, err := profile.Load(profiles.FS)
	if err != nil {
		return nil, err
	}
	files, err := chart.New(st, all)
	if err != nil {
		return nil, err
	}
	return render.Load(files)
}

// schema returns the compiled schema of flagship.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(must(flagship()).Schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("values.schema.json", text); err != nil {
		return nil, err
	}
	return c.Compile("values.schema.json")
})

// over merges one tree of values into another: maps by key, everything else is replaced.
func over(base, top map[string]any) map[string]any {
	merged := maps.Clone(base)
	for key, value := range top {
		below, ok := merged[key].(map[string]any)
		if above, too := value.(map[string]any); ok && too {
			value = over(below, above)
		}
		merged[key] = value
	}
	return merged
}

// must returns value, or panics with the error.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func decoded(t testing.TB, text string) map[string]any {
	t.Helper()
	var values map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &values); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return values
}

// TestLongNames: no label is longer than 63 characters, including 10 for the hash of the revision. With a longer one, a
// StatefulSet has no pods.
func TestLongNames(t *testing.T) {
	for _, chart := range []string{"argo-events", "web"} {
		release := strings.Repeat("long-", 10) + "rel"
		objects, err := render.Render(must(shippedChart(chart)), render.Options{Release: release, Namespace: "default"})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if o.Kind == "StatefulSet" && len(o.Name) > 63-len("-0123456789") || len(o.Name) > 63 {
				t.Errorf("%s: %s %s has %d characters", chart, o.Kind, o.Name, len(o.Name))
			}
		}
	}
}
