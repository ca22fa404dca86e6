package models

import (
	"fmt"
	"strings"
	"testing"
)

// subject returns the pod of an example.
func (e Example) subject(n int) Subject {
	kind := e.Kind
	if kind == "" {
		kind = "StatefulSet"
	}
	s := Subject{Kind: kind, Pods: n, Labels: e.Labels, Claims: e.Claims, Containers: []Container{{Image: e.Image, Command: e.Args, Env: e.Env, Ports: e.Ports}}}
	if e.Config != "" {
		s.Config = []string{e.Config}
	}
	return s
}

// TestExamples: each entry matches its own example and needs as many pods as it states, and no other entry matches it first.
func TestExamples(t *testing.T) {
	if _, err := parse("systems.yaml", systems); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range All() {
		if names[e.String()] {
			t.Errorf("%s: two entries of this name", e)
		}
		names[e.String()] = true
		if len(e.Example.Needs) == 0 {
			t.Errorf("%s: the example does not say how many pods are needed", e)
		}
		for n, want := range e.Example.Needs {
			f := Find(e.Example.subject(n))
			if f == nil || f.Entry != e {
				t.Errorf("%s: its example matches %v", e, f)
				continue
			}
			if got := f.Needs; got != want && (got >= 0 || needsByModel(e.Model, n) != want) {
				t.Errorf("%s: %d pods need %d, want %d", e, n, got, want)
			}
		}
	}
}

func needsByModel(model string, n int) int {
	switch model {
	case "quorum", "elected":
		return n/2 + 1
	case "standby", "stateless":
		return 1
	}
	return n
}

// TestNeeds: for each entry the needs of 1 to 40 pods are within bounds and never fall, at least the majority for a quorum, and
// the smallest cluster serves.
func TestNeeds(t *testing.T) {
	for _, e := range All() {
		if e.Needs == nil {
			continue
		}
		last := 0
		for n := 1; n <= 40; n++ {
			need, err := e.Needs.pods(e.defaults(n))
			if err != nil || need < 1 || need > n || need < last {
				t.Errorf("%s: %d pods need %d, %d fewer needed %d (%v)", e, n, need, 1, last, err)
			}
			if e.Model == "quorum" && need < n/2+1 {
				t.Errorf("%s: %d of %d pods are no majority", e, need, n)
			}
			last = need
		}
	}
}

// TestNotMatched: similar pods that no entry, or another entry, is for.
func TestNotMatched(t *testing.T) {
	for _, c := range []struct {
		example Example
		want    string
	}{
		{Example{Image: "example.com/etcd-operator:1"}, ""},
		{Example{Image: "example.com/app:1"}, ""},
		{Example{Image: "hashicorp/vault:1", Args: "vault agent -config=/a"}, ""},
		{Example{Kind: "Deployment", Image: "nginx:1"}, ""},
		{Example{Kind: "Deployment", Image: "a:1", Args: "/manager --leader-elect=false"}, ""},
		{Example{Kind: "Deployment", Image: "a:1", Args: "/manager --leader-election-lease-duration=15s"}, ""},
		{Example{Kind: "Deployment", Image: "a:1", Args: "--ha-enable-leader-election=true"}, "Controllers with leader election"},
		{Example{Kind: "Deployment", Image: "a:1", Env: map[string]string{"ENABLE_LEADER_ELECTION": "false"}}, ""},
		{Example{Image: "example.com/db:1", Args: "mysqld --wsrep-cluster-address=gcomm://a,b,c"}, "Galera"},
		{Example{Image: "example.com/db:1", Config: "[mysqld]\nwsrep_on=ON\n"}, "Galera"},
		{Example{Image: "redis:8", Config: "port 6379\ncluster-enabled yes\n"}, "Redis, Valkey Cluster"},
		{Example{Image: "apachepulsar/pulsar:4", Args: "bin/pulsar zookeeper-shell get /a; exec bin/pulsar broker"}, "Pulsar broker or proxy"},
		{Example{Image: "apachepulsar/pulsar:4", Args: "bin/generate-zookeeper-config.sh conf/zookeeper.conf; exec bin/pulsar zookeeper;"}, "Pulsar ZooKeeper"},
		{Example{Image: "redis:8"}, ""},
		{Example{Image: "hashicorp/consul:1", Args: "agent -retry-join=a"}, "Consul client"},
		{Example{Image: "grafana/loki:3", Args: "-config.file=/etc/loki/config.yaml"}, "Loki single binary"},
		{Example{Image: "grafana/tempo:3", Args: "-config.file=/etc/tempo.yaml"}, ""},
	} {
		got := ""
		if f := Find(c.example.subject(3)); f != nil {
			got = f.String()
		}
		if got != c.want {
			t.Errorf("%+v: matches %q, want %q", c.example, got, c.want)
		}
	}
}

// TestSettings: where settings are, and how many of 3 and 5 pods are needed then.
func TestSettings(t *testing.T) {
	env := func(pairs ...string) map[string]string {
		m := map[string]string{"KAFKA_PROCESS_ROLES": "broker", "KAFKA_DEFAULT_REPLICATION_FACTOR": "3", "KAFKA_MIN_INSYNC_REPLICAS": "2"}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	const kafka, broker = "apache/kafka:4", "kafka-server-start.sh server.properties --override default.replication.factor=3 --override min.insync.replicas=2"
	for _, c := range []struct {
		name    string
		example Example
		want    string
		of3     int
		of5     int
	}{
		{"internal topics by default", Example{Image: kafka, Env: env()}, "Kafka broker", 2, 4},
		{"offsets without replicas", Example{Image: kafka, Env: env("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")}, "Kafka broker", 3, 5},
		{"transactions without replicas", Example{Image: kafka, Env: env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")}, "Kafka broker", 3, 5},
		{"transactions that need every replica", Example{Image: kafka, Env: env("KAFKA_CFG_TRANSACTION_STATE_LOG_MIN_ISR", "3")}, "Kafka broker", 3, 5},
		{"controllers, and offsets without replicas", Example{Image: kafka, Env: env("KAFKA_PROCESS_ROLES", "broker,controller", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")}, "Kafka broker and controller", 3, 5},
		{"flags", Example{Image: kafka, Args: broker}, "Kafka broker", 2, 4},
		{"a flag for offsets", Example{Image: kafka, Args: broker + " --override offsets.topic.replication.factor=1"}, "Kafka broker", 3, 5},
		{"a flag for roles", Example{Image: kafka, Args: broker + " --override process.roles=broker,controller"}, "Kafka broker and controller", 2, 4},
		{"a flag for the role of controllers", Example{Image: kafka, Args: "kafka-server-start.sh a --override process.roles=controller"}, "Kafka controller", 2, 3},
		{"a flag of Redpanda", Example{Image: "redpanda:v25", Args: "rpk redpanda start --set redpanda.default_topic_replications=3"}, "Redpanda", 2, 4},
		{"a quorum of all Sentinels", Example{Image: "redis:8", Args: "echo 'sentinel monitor main redis-0 6379 3' > s.conf; exec redis-sentinel s.conf"}, "Redis, Valkey Sentinel", 3, 3},
		{"a quorum in the configuration", Example{Image: "redis:8", Args: "redis-sentinel /etc/s.conf", Config: "port 26379\nsentinel monitor main redis-0 6379 4\n"}, "Redis, Valkey Sentinel", 3, 4},
		{"a quorum below the majority", Example{Image: "bitnami/redis-sentinel:8", Env: map[string]string{"REDIS_SENTINEL_QUORUM": "1"}}, "Redis, Valkey Sentinel", 2, 3},
		{"clusters of one node", Example{Image: "elasticsearch:9", Config: "discovery.type: single-node\n"}, "Elasticsearch, OpenSearch single node", 3, 5},
		{"a flag for clusters of one node", Example{Image: "opensearchproject/opensearch:3", Args: "./opensearch-docker-entrypoint.sh -Ediscovery.type=single-node"}, "Elasticsearch, OpenSearch single node", 3, 5},
	} {
		for n, want := range map[int]int{3: c.of3, 5: c.of5} {
			f := Find(c.example.subject(n))
			if f == nil || f.String() != c.want {
				t.Errorf("%s: %v, want %s", c.name, f, c.want)
				continue
			}
			got := f.Needs
			if got < 0 {
				got = needsByModel(f.Model, n)
			}
			if got != want {
				t.Errorf("%s: %d of %d pods are needed, want %d", c.name, got, n, want)
			}
		}
	}
}

// TestParseErrors: each fault of an entry is an error that names it.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"- {system: a, modell: quorum}": "systems.yaml:1: unknown key modell",
		"- {system: a, match: [{image: a}], model: many, certain: docs, why: a, sources: [a]}":                   "systems.yaml: a: model is \"many\": want one of quorum",
		"- {system: a, match: [{image: a}], model: copies, certain: docs, why: a, sources: [a]}":                 "systems.yaml: a: needs is missing",
		"- {system: a, match: [{image: a}], model: copies, needs: m, certain: docs, why: a, sources: [a]}":       "systems.yaml: a: m: m is no variable",
		"- {system: a, match: [{image: a}], model: copies, needs: 'n % 2', certain: docs, why: a, sources: [a]}": "is no operator",
		"- {system: a, match: [{image: '('}], model: quorum, certain: docs, why: a, sources: [a]}":               "missing closing",
		"- {system: a, match: [{env: {'(': a}}], model: quorum, certain: docs, why: a, sources: [a]}":            "match.env.(",
		"- {system: a, match: [{image: a}], model: quorum, certain: docs, why: a}":                               "sources are missing",
		"- {system: a, match: [{image: a}], model: quorum, certain: maybe, why: a}":                              "certain is \"maybe\"",
		"- {system: a, match: [{image: a}], model: quorum, certain: experience}":                                 "why is missing",
		"- {system: a, model: quorum}": "match is missing",
		"- {match: [{image: a}]}":      "system is missing",
		"-":                            "entry 1 is empty",
		"- {system: a, match: [{image: a}], model: quorum, certain: experience, why: a, copies: n}":            "zones and copies",
		"- {system: a, match: [{image: a}], model: quorum, certain: experience, why: a, vars: {x: {else: 1}}}": "vars.x: setting is missing",
		"- {system: a, match: [{image: a}], model: quorum, certain: experience, why: a, needs: 'floor(n, 2)'}": "functions of a formula",
		"- {system: a, match: [{image: a}], model: quorum, certain: experience, why: a, needs: 'n / 0'}":       "no number of pods",
	} {
		if _, err := parse("systems.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzFormula(f *testing.F) {
	for _, e := range All() {
		if e.Needs != nil {
			f.Add(e.Needs.String())
		}
	}
	f.Add("n/(n-3)")
	f.Add("func() int { return 1 }()")
	f.Fuzz(func(t *testing.T, text string) {
		formula := new(Formula)
		if formula.UnmarshalText([]byte(text)) != nil {
			return
		}
		for n := 1; n <= 9; n++ {
			if need, err := formula.pods(map[string]float64{"n": float64(n), "rf": 3}); err == nil && (need < 0 || need > n) {
				t.Errorf("%q: %d of %d pods", text, need, n)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(string(systems[:4000]))
	f.Add("- {system: a, match: [{image: a, env: {a: b}}], model: quorum, certain: experience, why: a, group: {by: [{label: a}], peers: true}}")
	f.Fuzz(func(_ *testing.T, text string) {
		list, err := parse("f.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, e := range list {
			if at := e.matches(Subject{Kind: "StatefulSet", Pods: 3, Containers: []Container{{Image: "a", Env: map[string]string{"a": "b"}}}}); at >= 0 {
				_ = fmt.Sprint(e.found(Subject{Kind: "StatefulSet", Pods: 3, Containers: []Container{{Image: "a"}}}, at))
			}
		}
	})
}
