package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"sigs.k8s.io/yaml"
)

// base has an object of each kind with a rule. A test changes it.
const base = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: example.org/db:1, env: [{name: A, value: "1"}, {name: B, value: "2"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller}
spec:
  selector: {matchLabels: {app: controller}}
  template:
    metadata: {labels: {app: controller}}
    spec:
      containers:
        - {name: controller, image: example.org/controller:1, env: [{name: ARGO_EVENTS_IMAGE, value: "example.org/events:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {backoffLimit: 1, template: {spec: {containers: [{name: job, image: example.org/job:1}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {type: ClusterIP, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: own}
spec: {resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: frozen}
immutable: true
data: {a: b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: free}
data: {a: b}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: one}
---
apiVersion: argoproj.io/v1alpha1
kind: EventBus
metadata: {name: default}
spec:
  jetstreamExotic:
    url: nats://one:4222
    streamConfig: |
      replicas: 1
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: worker, labels: {a: b}}
spec: {replicas: 1}
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hook}
spec: {eventBusName: default}
`

// change returns base with texts replaced, in pairs of old and new.
func change(t *testing.T, pairs ...string) []manifest.Object {
	t.Helper()
	text := base
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("%q is %d times in the base", pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return split(t, text)
}

// split reads objects in any style of YAML.
func split(t *testing.T, text string) []manifest.Object {
	t.Helper()
	var blocks strings.Builder
	for document := range strings.SplitSeq(text, "---\n") {
		var tree map[string]any
		if err := yaml.Unmarshal([]byte(document), &tree); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		block, err := yaml.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if tree != nil {
			blocks.WriteString("---\n" + string(block))
		}
	}
	objects, err := manifest.Split("chart/templates/all.yaml", blocks.String())
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestChanges: the fields, the refusals and the replaced pods of a change of one object.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  []string
		verdict Verdict
		// want are lines "object path", with ! for an immutable field, and ~ for an object whose pods are replaced.
		want []string
	}{
		{"nothing", nil, Nothing, nil},
		{"replicas only", []string{"spec: {replicas: 1}", "spec: {replicas: 2}"}, InPlace, []string{"~Sensor/worker spec.replicas"}},
		{"an image", []string{"example.org/db:1", "example.org/db:2"}, InPlace, []string{"~StatefulSet/db spec.template.spec.containers[db].image"}},
		{"pods with the strategy OnDelete", []string{"example.org/db:1", "example.org/db:2", "  serviceName: db\n", "  serviceName: db\n  updateStrategy: {type: OnDelete}\n"}, InPlace,
			[]string{"StatefulSet/db spec.template.spec.containers[db].image", "StatefulSet/db spec.updateStrategy"}},
		{"a variable", []string{`value: "2"`, `value: "3"`}, InPlace, []string{"~StatefulSet/db spec.template.spec.containers[db].env[B].value"}},
		{"a further variable", []string{`{name: B, value: "2"}`, `{name: B, value: "2"}, {name: C}`}, InPlace, []string{"~StatefulSet/db spec.template.spec.containers[db].env[C]"}},
		{"the order of variables", []string{`{name: A, value: "1"}, {name: B, value: "2"}`, `{name: B, value: "2"}, {name: A, value: "1"}`}, InPlace,
			[]string{"~StatefulSet/db spec.template.spec.containers[db].env"}},
		{"arguments", []string{"image: example.org/db:1,", "image: example.org/db:1, args: [a],"}, InPlace, []string{"~StatefulSet/db spec.template.spec.containers[db].args"}},
		{"a label with a slash", []string{"labels: {a: b}", "labels: {a: b, c/d: e}"}, InPlace, []string{`Sensor/worker metadata.labels["c/d"]`}},
		{"the size of a disk", []string{"      spec: {resources: {requests: {storage: 1Gi}}}", "      spec: {resources: {requests: {storage: 2Gi}}}"}, Refused,
			[]string{"StatefulSet/db spec.volumeClaimTemplates[data].spec.resources.requests.storage!"}},
		{"the name of the headless Service", []string{"serviceName: db", "serviceName: other"}, Refused, []string{"StatefulSet/db spec.serviceName!"}},
		{"a retention policy", []string{"whenScaled: Retain", "whenScaled: Delete"}, InPlace, []string{"StatefulSet/db spec.persistentVolumeClaimRetentionPolicy.whenScaled"}},
		{"a selector", []string{"selector: {matchLabels: {app: controller}}", "selector: {matchLabels: {app: c}}", "labels: {app: controller}", "labels: {app: c}"}, Refused,
			[]string{"~Deployment/controller spec.selector.matchLabels.app!", "~Deployment/controller spec.template.metadata.labels.app"}},
		{"the image of a Job", []string{"example.org/job:1", "example.org/job:2"}, Refused, []string{"Job/job spec.template.spec.containers[job].image!"}},
		{"the back-off limit of a Job", []string{"backoffLimit: 1", "backoffLimit: 2"}, InPlace, []string{"Job/job spec.backoffLimit"}},
		{"a Service that becomes headless", []string{"spec: {type: ClusterIP", "spec: {clusterIP: None, type: ClusterIP"}, Refused, []string{"Service/front spec.clusterIP!"}},
		{"a Service of type ExternalName", []string{"spec: {type: ClusterIP", "spec: {externalName: a, type: ExternalName"}, InPlace, []string{"Service/front spec.externalName", "Service/front spec.type"}},
		{"a larger claim", []string{"\nspec: {resources: {requests: {storage: 1Gi}}}", "\nspec: {resources: {requests: {storage: 1025Mi}}}"}, InPlace,
			[]string{"PersistentVolumeClaim/own spec.resources.requests.storage"}},
		{"a smaller claim", []string{"\nspec: {resources: {requests: {storage: 1Gi}}}", "\nspec: {resources: {requests: {storage: 1023Mi}}}"}, Refused,
			[]string{"PersistentVolumeClaim/own spec.resources.requests.storage!"}},
		{"the StorageClass of a claim", []string{"\nspec: {resources: ", "\nspec: {storageClassName: a, resources: "}, Refused, []string{"PersistentVolumeClaim/own spec.storageClassName!"}},
		{"an immutable ConfigMap", []string{"immutable: true\ndata: {a: b}", "immutable: true\ndata: {a: c}"}, Refused, []string{"ConfigMap/frozen data.a!"}},
		{"an immutable ConfigMap that becomes mutable", []string{"immutable: true\ndata: {a: b}", "data: {a: b}"}, Refused, []string{"ConfigMap/frozen immutable!"}},
		{"another role", []string{"kind: Role, name: one", "kind: Role, name: two"}, Refused, []string{"RoleBinding/binding roleRef.name!"}},
		// Changes with and without a reconciliation by the Argo Events controller.
		{"another bus, not noticed", []string{"nats://one:4222", "nats://two:4222"}, ByHand, []string{"EventBus/default spec.jetstreamExotic.url"}},
		{"another bus, noticed for one sensor", []string{"nats://one:4222", "nats://two:4222", "labels: {a: b}", "labels: {a: c}"}, ByHand,
			[]string{"EventBus/default spec.jetstreamExotic.url", "~Sensor/worker metadata.labels.a"}},
		{"another bus and another controller", []string{"nats://one:4222", "nats://two:4222", "example.org/controller:1", "example.org/controller:2"}, InPlace,
			[]string{"~Deployment/controller spec.template.spec.containers[controller].image", "EventBus/default spec.jetstreamExotic.url", "~EventSource/hook", "~Sensor/worker"}},
		{"another image for sources and sensors", []string{"example.org/events:1", "example.org/events:2"}, InPlace,
			[]string{"~Deployment/controller spec.template.spec.containers[controller].env[ARGO_EVENTS_IMAGE].value", "~EventSource/hook", "~Sensor/worker"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compare(t, change(t), change(t, c.change...), false)
			if p.Verdict != c.verdict {
				t.Errorf("verdict %s, want %s: %s", p.Verdict, c.verdict, p.Summary)
			}
			var got []string
			for _, o := range p.Objects {
				mark := ""
				if o.Rolls {
					mark = "~"
				}
				if len(o.Fields) == 0 && o.Rolls {
					got = append(got, mark+o.String())
				}
				for _, f := range o.Fields {
					line := mark + o.String() + " " + f.Path
					if f.Immutable {
						line += "!"
					}
					got = append(got, line)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func compare(t *testing.T, from, to []manifest.Object, canMigrate bool) Plan {
	t.Helper()
	p, err := Compare(Side{Objects: from}, Side{Objects: to}, canMigrate)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFindings: the effects of a change on data and quorums.
func TestFindings(t *testing.T) {
	whole := strings.Split(base, "---\n")[0]
	for _, c := range []struct {
		name       string
		from, to   []manifest.Object
		canMigrate bool
		verdict    Verdict
		// want is in the summary or in a finding; claims are lines "fate name" of the claims that are not kept.
		want   string
		claims []string
	}{
		{name: "fewer members of an unknown quorum", from: change(t), to: change(t, "replicas: 3", "replicas: 1"), verdict: ByHand,
			want: "3 members become 1: reconfigure the quorum first", claims: []string{"orphaned data-db-1", "orphaned data-db-2"}},
		{name: "more members of an unknown quorum", from: change(t), to: change(t, "replicas: 3", "replicas: 4"), verdict: ByHand, want: "3 members become 4", claims: []string{"new data-db-3"}},
		{name: "more NATS servers", from: change(t, "example.org/db:1", "example.org/nats:2@sha256:0"), to: change(t, "example.org/db:1", "example.org/nats:2@sha256:0", "replicas: 3", "replicas: 5"), verdict: InPlace,
			want: "3 servers become 5: the new ones join by themselves", claims: []string{"new data-db-3", "new data-db-4"}},
		{name: "fewer NATS servers", from: change(t, "example.org/db:1", "nats"), to: change(t, "example.org/db:1", "nats", "replicas: 3", "replicas: 2"), verdict: ByHand,
			want: "3 servers become 2: remove each one from the quorum first", claims: []string{"orphaned data-db-2"}},
		{name: "fewer NATS servers, removed by the chart", from: change(t, "example.org/db:1", "nats"), to: change(t, "example.org/db:1", "nats", "replicas: 3", "replicas: 2"), canMigrate: true, verdict: InPlace,
			want: "helm upgrade removes each one from the quorum first", claims: []string{"orphaned data-db-2"}},
		{name: "claims that are deleted with their pods", from: change(t), to: change(t, "replicas: 3", "replicas: 2", "whenScaled: Retain", "whenScaled: Delete"), verdict: LosesData,
			want: "volume claims are deleted with their data: data-db-2", claims: []string{"deleted data-db-2"}},
		{name: "other ordinals", from: change(t), to: change(t, "replicas: 3", "replicas: 3\n  ordinals: {start: 1}"), verdict: InPlace,
			claims: []string{"new data-db-3", "orphaned data-db-0"}},
		{name: "a StatefulSet that is removed", from: change(t), to: change(t, whole, ""), verdict: ByHand, want: "nothing serves the data on its volume claims",
			claims: []string{"orphaned data-db-0", "orphaned data-db-1", "orphaned data-db-2"}},
		{name: "a StatefulSet that is removed with its claims", from: change(t, "whenDeleted: Retain", "whenDeleted: Delete"), to: change(t, whole, ""), verdict: LosesData,
			want: "volume claims are deleted with their data: data-db-0, data-db-1, data-db-2", claims: []string{"deleted data-db-0", "deleted data-db-1", "deleted data-db-2"}},
		{name: "a replacement", from: change(t), to: change(t, "name: db}\nspec:\n  replicas: 3", "name: single}\nspec:\n  replicas: 1"), verdict: ByHand,
			want: "StatefulSet/single replaces it with new volume claims, which are empty", claims: []string{"new data-single-0", "orphaned data-db-0", "orphaned data-db-1", "orphaned data-db-2"}},
		{name: "a replacement, and a chart that migrates data", from: change(t), to: change(t, "name: db}\nspec:\n  replicas: 3", "name: single}\nspec:\n  replicas: 1"), canMigrate: true, verdict: Migration,
			want: "StatefulSet/single replaces it with new volume claims; the chart migrates the data", claims: []string{"new data-single-0", "orphaned data-db-0", "orphaned data-db-1", "orphaned data-db-2"}},
		{name: "a claim of the release that is removed", from: change(t), to: change(t, "kind: PersistentVolumeClaim\nmetadata: {name: own}", "kind: PersistentVolumeClaim\nmetadata: {name: other}"), verdict: LosesData,
			want: "volume claims are deleted with their data: own", claims: []string{"new other", "deleted own"}},
		{name: "the key of a disk in another Secret", from: encrypted(t, "one"), to: encrypted(t, "two"), verdict: ByHand, want: "is in Secret two instead of one"},
		{name: "an encrypted disk without its key", from: encrypted(t, "one"), to: change(t, "example.org/db:1", "nats"), verdict: ByHand, want: "do not start without the key"},
		{name: "a disk that is encrypted", from: change(t, "example.org/db:1", "nats"), to: encrypted(t, "one"), verdict: InPlace},
		{name: "a native bus that becomes clustered", from: native(t, 1), to: native(t, 3), verdict: LosesData, want: "a clustered nats-server deletes the data of a standalone one"},
		{name: "a native bus that grows", from: native(t, 3), to: native(t, 5), verdict: InPlace},
		{name: "a change that the controller does not notice", from: change(t), to: change(t, "nats://one:4222", "nats://two:4222"), verdict: ByHand, want: "its pods keep the old address and credentials of the bus until the controller restarts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compare(t, c.from, c.to, c.canMigrate)
			text := p.Summary
			for _, f := range p.Findings {
				text += "\n" + f.Object.String() + ": " + f.Text
			}
			if p.Verdict != c.verdict || !strings.Contains(text, c.want) {
				t.Errorf("verdict %s, want %s and %q in\n%s", p.Verdict, c.verdict, c.want, text)
			}
			var claims []string
			for _, claim := range p.Claims {
				if claim.Fate != Kept {
					claims = append(claims, fmt.Sprintf("%s %s", claim.Fate, claim.Name))
				}
			}
			if !slices.Equal(claims, c.claims) {
				t.Errorf("claims %q, want %q", claims, c.claims)
			}
		})
	}
}

// TestBuses: the effects of a change on the bus and its events.
func TestBuses(t *testing.T) {
	limits := func(settings string) []string {
		return []string{"      replicas: 1\n", "      replicas: 3\n" + settings}
	}
	managed := []string{"  jetstreamExotic:\n    url: nats://one:4222\n    streamConfig: |\n      replicas: 1\n"}
	as := func(spec string, more ...string) []string { return append([]string{managed[0], spec}, more...) }
	const js = "  jetstream: {version: 2.15.2, persistence: {volumeSize: 10Gi}}\n"
	keep := []string{"metadata: {name: default}", "metadata: {name: default, annotations: {helm.sh/resource-policy: keep}}"}
	live := &Stream{Messages: 1000, Bytes: 100_000, Unread: 501, Before: func(time.Time) (uint64, error) { return 10, nil }}
	unreachable := &Stream{Before: func(time.Time) (uint64, error) { return 0, errors.New("no responders") }}
	for _, c := range []struct {
		name     string
		from, to []string
		live     *Stream
		verdict  Verdict
		want     string
	}{
		{"fewer events", limits("      maxMsgs: 1e+06\n"), limits("      maxMsgs: 100\n"), nil, Confirm, "maxMsgs of its stream becomes lower, 100 instead of 1000000: the server deletes the oldest events beyond it, processed or not. Unknown how many"},
		{"more events", limits("      maxMsgs: 100\n"), limits("      maxMsgs: 1000\n"), nil, InPlace, ""},
		{"no limit any more", limits("      maxBytes: 100\n"), limits("      maxBytes: -1\n"), nil, InPlace, ""},
		{"a first limit", limits("      maxBytes: -1\n"), limits("      maxBytes: 100\n"), nil, Confirm, "maxBytes of its stream becomes lower, 100 instead of no limit"},
		{"a limit that was absent", limits(""), limits("      maxAge: 1h\n"), nil, Confirm, "maxAge of its stream becomes lower, 1h instead of no limit"},
		{"fewer events, counted", limits("      maxMsgs: 2000\n"), limits("      maxMsgs: 100\n"), live, Confirm, "the server deletes 900 of 1000 events, up to 401 of which some sensor has not processed"},
		{"only processed events, counted", limits("      maxMsgs: 2000\n"), limits("      maxMsgs: 501\n"), live, Confirm, "the server deletes 499 of 1000 events"},
		{"a limit above all events", limits("      maxMsgs: 2000\n"), limits("      maxMsgs: 1000\n"), live, InPlace, "none of the 1000 events on the bus is beyond it"},
		{"fewer bytes, counted", limits("      maxBytes: -1\n"), limits("      maxBytes: 50000\n"), live, Confirm, "the server deletes about 500 of 1000 events, up to 1 of which"},
		{"a shorter time, counted", limits("      maxAge: 168h\n"), limits("      maxAge: 24h\n"), live, Confirm, "the server deletes 10 of 1000 events"},
		{"a shorter time, not counted", limits("      maxAge: 168h\n"), limits("      maxAge: 24h\n"), unreachable, Confirm, "Unknown how many: no responders"},
		{"fewer copies", limits(""), nil, nil, Confirm, "its stream keeps 1 instead of 3 copies of each event"},
		{"another retention", nil, limits("      retention: 2\n"), nil, ByHand, "retention and discard policy of its stream change"},
		{"managed to native", nil, as(js), nil, ByHand, "the bus changes from jetstreamExotic to jetstream, and its events stay on the old one"},
		{"native to managed", as(js), nil, nil, ByHand, "the bus changes from jetstream to jetstreamExotic"},
		{"Kafka to managed", as("  kafka: {url: k}\n"), nil, nil, ByHand, "the bus changes from kafka to jetstreamExotic"},
		{"managed to Kafka", nil, as("  kafka: {url: k}\n"), nil, ByHand, "the bus changes from jetstreamExotic to kafka"},
		{"native to Kafka", as(js), as("  kafka: {url: k}\n"), nil, ByHand, "the bus changes from jetstream to kafka"},
		{"another name", nil, []string{"metadata: {name: default}", "metadata: {name: other}"}, nil, ByHand, "EventBus/other replaces it on the same servers"},
		{"another name of a native bus", as(js), as(js, "metadata: {name: default}", "metadata: {name: other}"), nil, LosesData, "its controller deletes its disks with it"},
		{"another name of a native bus that is kept", as(js, keep...), as(js, "metadata: {name: default}", "metadata: {name: other}"), nil, ByHand, "It stays on the cluster with its events"},
		{"another name and mode", nil, as(js, "metadata: {name: default}", "metadata: {name: other}"), nil, ByHand, "its events stay on the old bus"},
		{"the disks of a native bus", as(js), as(strings.Replace(js, "10Gi", "20Gi", 1)), nil, Refused, "spec.jetstream.persistence is immutable"},
		{"an older native bus", as(js), as(strings.Replace(js, "2.15.2", "2.10.29", 1)), nil, ByHand, "nats-server 2.10.29 is older than 2.15.2"},
		{"older servers", []string{"example.org/db:1", "docker.io/nats:2.15.2-alpine"}, []string{"example.org/db:1", "docker.io/nats:2.9.1-alpine"}, nil, ByHand, "nats-server 2.9.1-alpine is older than 2.15.2-alpine"},
		{"an older patch", []string{"example.org/db:1", "nats:2.15.2"}, []string{"example.org/db:1", "nats:2.15.1"}, nil, InPlace, ""},
		{"newer servers", []string{"example.org/db:1", "nats:2.9.2"}, []string{"example.org/db:1", "nats:2.15.1"}, nil, InPlace, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Compare(Side{Objects: change(t, c.from...), Live: Live{Stream: c.live}}, Side{Objects: change(t, c.to...)}, false)
			if err != nil {
				t.Fatal(err)
			}
			var text string
			for _, f := range p.Findings {
				text += "\n" + f.Object.String() + ": " + f.Text
			}
			if p.Verdict != c.verdict || !strings.Contains(text, c.want) {
				t.Errorf("verdict %s, want %s and %q in\n%s", p.Verdict, c.verdict, c.want, text)
			}
			if c.verdict == InPlace && c.want == "" && len(p.Findings) > 0 && p.Findings[0].Verdict != InPlace {
				t.Errorf("got %s", text)
			}
		})
	}
}

// encrypted returns a NATS server whose disk has a key in a Secret.
func encrypted(t *testing.T, secret string) []manifest.Object {
	return change(t, "example.org/db:1", "nats", "env: [{name: A,", "env: [{name: KEY, valueFrom: {secretKeyRef: {name: "+secret+", key: key}}}, {name: A,")
}

// TestSeparations: pods that must be in different zones from now on, with disks that may share one.
func TestSeparations(t *testing.T) {
	spread := func(when string) []string {
		const spec = "labels: {app: db}}\n    spec:\n"
		return []string{spec, spec + "      topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: " + when + "}]\n"}
	}
	apart, soft := spread("DoNotSchedule"), spread("ScheduleAnyway")
	// A zone for each disk; "?": unknown, "": every zone.
	in := func(zones ...string) Domains {
		return func(claim, label string) (string, error) {
			i, err := strconv.Atoi(claim[len("data-db-"):])
			if err != nil || label != "topology.kubernetes.io/zone" || zones[i] == "?" {
				return "", errors.New("no permission")
			}
			return zones[i], nil
		}
	}
	for _, c := range []struct {
		name    string
		from    []string
		domains Domains
		verdict Verdict
		want    string
	}{
		{"unknown", nil, nil, Confirm, "it is unknown whether disks share one: data-db-0, data-db-1, data-db-2 (pass --from-release to read them)"},
		{"from a preference", soft, nil, Confirm, "it is unknown whether disks share one"},
		{"two in one zone", nil, in("a", "a", "b"), ByHand, "disks share one: data-db-0 and data-db-1 in zone a"},
		{"each in its own", nil, in("a", "c", "b"), InPlace, "and their disks allow it"},
		{"one for every zone", nil, in("a", "", "b"), InPlace, "and their disks allow it"},
		{"network volumes", nil, in("", "", ""), InPlace, "and their disks allow it"},
		{"one unknown", nil, in("a", "?", "b"), Confirm, "it is unknown whether disks share one: data-db-1 (no permission)"},
		{"one unknown, and two in one zone", nil, in("a", "?", "a"), ByHand, "disks share one: data-db-0 and data-db-2 in zone a"},
		{"no change", apart, nil, Nothing, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Compare(Side{Objects: change(t, c.from...), Live: Live{Domains: c.domains}}, Side{Objects: change(t, apart...)}, false)
			if err != nil {
				t.Fatal(err)
			}
			var text string
			for _, f := range p.Findings {
				text += f.Text
			}
			if p.Verdict != c.verdict || !strings.Contains(text, c.want) {
				t.Errorf("verdict %s, want %s and %q in %s", p.Verdict, c.verdict, c.want, text)
			}
		})
	}
}

func native(t *testing.T, replicas int) []manifest.Object {
	return change(t, "  jetstreamExotic:\n    url: nats://one:4222\n    streamConfig: |\n      replicas: 1\n",
		fmt.Sprintf("  jetstream:\n    replicas: %d\n    streamConfig: |\n      replicas: 1\n", replicas))
}

// TestElections: the changes of leader election and of the replicas of streams.
func TestElections(t *testing.T) {
	leases := "labels: {a: b}, annotations: {events.argoproj.io/leader-election: K8s}"
	kafka := []string{"  jetstreamExotic:\n    url: nats://one:4222\n    streamConfig: |\n      replicas: 1\n", "  kafka: {url: k}\n"}
	for _, c := range []struct {
		name     string
		from, to []string
		want     []string
	}{
		{"nothing", nil, nil, nil},
		{"to leases", nil, []string{"labels: {a: b}", leases}, []string{"Sensor/worker nats leases"}},
		{"and back", []string{"labels: {a: b}", leases}, nil, []string{"Sensor/worker leases nats"}},
		{"to Kafka", nil, kafka, []string{"Sensor/worker nats none"}},
		{"from leases to Kafka", []string{"labels: {a: b}", leases}, kafka, []string{"Sensor/worker leases none"}},
		{"a source with a leader", nil, []string{"name: hook}", "name: hook, annotations: {events.argoproj.io/leader-election: k8s}}"}, []string{"EventSource/hook nats leases"}},
		{"three replicas", nil, []string{"      replicas: 1\n", "      replicas: 3\n"}, []string{"default default 1 3", "default KV_worker 1 3"}},
		{"another sensor", []string{"name: worker", "name: other"}, nil, []string{"default KV_worker 0 1"}},
		{"from Kafka", kafka, nil, []string{"Sensor/worker none nats", "default default 0 1", "default KV_worker 0 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compare(t, change(t, c.from...), change(t, c.to...), false)
			var got []string
			for _, e := range p.Elections {
				got = append(got, fmt.Sprintf("%s %s %s", e.Object, e.From, e.To))
			}
			for _, s := range p.Copies {
				got = append(got, fmt.Sprintf("%s %s %d %d", s.Bus, s.Stream, s.From, s.To))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestKeep: an object with the policy keep stays on the cluster, with kubectl too; hooks are not in a plan.
func TestKeep(t *testing.T) {
	const keep = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: notes\n  annotations: {helm.sh/resource-policy: keep}\n"
	const hook = "apiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    helm.sh/hook: test\n  name: test\n"
	p := compare(t, split(t, keep+"---\n"+hook), nil, false)
	if len(p.Objects) != 1 || p.Objects[0].Action != Left || len(p.gone(nil)) > 0 {
		t.Errorf("got %+v", p.Objects)
	}
}

// TestSecrets: the content of a Secret is not shown.
func TestSecrets(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: MQ==}\nstringData: {b: first}\n"
	p := compare(t, split(t, secret), split(t, strings.NewReplacer("MQ==", "Mg==", "b: first", "c: second").Replace(secret)), false)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"MQ==", "Mg==", "first", "second"} {
		if strings.Contains(string(text)+written(t, p), word) {
			t.Errorf("%q is shown", word)
		}
	}
	if fields := p.Objects[0].Fields; len(fields) != 3 || fields[0].Path != "data.a" || fields[1].New != nil || fields[2].Old != nil {
		t.Errorf("got %+v", fields)
	}
}

func TestCompareRefuses(t *testing.T) {
	twice := append(change(t), change(t)...)
	for name, sides := range map[string][2][]manifest.Object{"before": {twice, nil}, "after": {nil, twice}} {
		if _, err := Compare(Side{Objects: sides[0]}, Side{Objects: sides[1]}, false); err == nil || !strings.Contains(err.Error(), `duplicate StatefulSet "db"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	broken := []manifest.Object{{Source: "some.yaml", APIVersion: "v1", Kind: "A", Name: "a", Text: "a: [\n"}}
	if _, err := Compare(Side{Objects: broken}, Side{}, false); err == nil || !strings.HasPrefix(err.Error(), `some.yaml: reading A "a"`) {
		t.Errorf("got %v", err)
	}
}

// TestQuoted: a shell reads the quoted word unchanged.
func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"a=b,c": "a=b,c", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "list[0]=v": "'list[0]=v'", "a\nb": "'a\nb'", "~": "'~'", "|": "|",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}

// golden reads the objects of every golden case.
func golden(t *testing.T) map[string][]manifest.Object {
	t.Helper()
	files, err := filepath.Glob("../../golden/*/objects/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	cases := map[string][]manifest.Object{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := manifest.Split(file, string(text))
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(filepath.Dir(file)))
		cases[name] = append(cases[name], objects...)
	}
	return cases
}

// TestProperties: for any two golden cases, every object is in the plan once, and the plans of both directions mirror each
// other: created and removed, changed and changed. From a case to itself there is nothing to do.
func TestProperties(t *testing.T) {
	cases := golden(t)
	names := slices.Sorted(maps.Keys(cases))
	for i, a := range names {
		for _, b := range names[i:] {
			from, to := cases[a], cases[b]
			forward, backward := compare(t, from, to, true), compare(t, to, from, true)
			forwardActions, backwardActions := actions(t, forward), actions(t, backward)
			for id, action := range forwardActions {
				mirror := map[Action][]Action{Created: {Removed, Left}, Removed: {Created}, Left: {Created}, Changed: {Changed}, Unchanged: {Unchanged}}[action]
				if !slices.Contains(mirror, backwardActions[id]) {
					t.Errorf("%s to %s: %s is %s, and %s in the other direction", a, b, id, action, backwardActions[id])
				}
			}
			for side, objects := range map[string][]manifest.Object{"from": from, "to": to} {
				for _, o := range objects {
					id := Object{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name}.identity()
					if _, ok := forwardActions[id]; ok == o.Hook {
						t.Errorf("%s to %s: %s %s of %s: in the plan: %t", a, b, o.Kind, o.Name, side, ok)
					}
				}
			}
			if a == b && (forward.Verdict != Nothing || len(forward.Findings)+len(forward.Elections)+len(forward.Copies) > 0) {
				t.Errorf("%s to itself: %s", a, forward.Summary)
			}
			if a != b && forward.Verdict == Nothing && len(forwardActions) != len(backwardActions) {
				t.Errorf("%s to %s: nothing to do, but %d objects in one direction and %d in the other", a, b, len(forwardActions), len(backwardActions))
			}
		}
	}
}

// actions maps each object to its action. No object may appear twice.
func actions(t *testing.T, p Plan) map[string]Action {
	t.Helper()
	all := map[string]Action{}
	for _, o := range p.Objects {
		if _, twice := all[o.identity()]; twice {
			t.Errorf("%s appears twice", o)
		}
		all[o.identity()] = o.Action
	}
	return all
}

// FuzzDifferences: two different objects differ in some field, and no field appears twice.
func FuzzDifferences(f *testing.F) {
	for _, texts := range [][2]string{
		{"a: 1", "a: 2"}, {"a: null", "{}"}, {"a: {}", "{}"}, {"a: [x]", "a: [x, y]"}, {"a: [{name: b, c: 1}]", "a: [{name: b, c: 2}]"},
		{"a: [{name: b}, {name: c}]", "a: [{name: c}, {name: b}]"}, {"a: [{name: b}, {name: b}]", "a: [{name: b}]"}, {"a: [{name: 1}]", "a: [{name: 2}]"}, {"a.b: {c: 1}", "a: {b: {c: 1}}"},
	} {
		f.Add(texts[0], texts[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var old, now map[string]any
		if yaml.Unmarshal([]byte(a), &old) != nil || yaml.Unmarshal([]byte(b), &now) != nil {
			return
		}
		withoutNulls(old)
		withoutNulls(now)
		fields := differences(old, now)
		if same := len(old)+len(now) == 0 || reflect.DeepEqual(old, now); same != (len(fields) == 0) {
			t.Errorf("the same: %t, and %d fields differ: %+v", same, len(fields), fields)
		}
		for i, one := range fields {
			if reflect.DeepEqual(one.Old, one.New) {
				t.Errorf("%s does not differ", one.Path)
			}
			if slices.ContainsFunc(fields[i+1:], func(other Field) bool { return other.Path == one.Path }) && !strings.ContainsAny(a+b, "[].\"") {
				t.Errorf("%s appears twice", one.Path)
			}
		}
		if back := differences(now, old); len(back) != len(fields) {
			t.Errorf("%d fields differ one way, %d the other", len(fields), len(back))
		}
	})
}
