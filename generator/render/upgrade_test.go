package render

import (
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
	"sigs.k8s.io/yaml"
)

// objects is a cluster with some objects, for lookup.
type objects struct{ client dynamic.Interface }

func (o objects) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	return o.client.Resource(gv.WithResource(resources[kind])), kind != "Namespace", err
}

var resources = map[string]string{"StatefulSet": "statefulsets", "PersistentVolumeClaim": "persistentvolumeclaims", "EventBus": "eventbuses", "Secret": "secrets", "Namespace": "namespaces"}

// TestRefusedUpgrades: what helm upgrade refuses because of the objects in the cluster, with the value that passes it over.
func TestRefusedUpgrades(t *testing.T) {
	const bus = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: events-argo-events-bus, namespace: ns, annotations: {meta.helm.sh/release-name: events}, labels: {app.kubernetes.io/component: bus}}
spec:
  replicas: 3
  selector: {matchLabels: {app.kubernetes.io/name: argo-events}}
  template: {spec: {containers: [{name: reloader, image: "reloader:3.0"}, {name: bus, image: "registry:5000/nats:2.15.2-alpine@sha256:0"}]}}
  volumeClaimTemplates: [{spec: {resources: {requests: {storage: 10Gi}}}}]
status: {readyReplicas: 3}
`
	const streamConfig = "maxAge: 168h, maxMsgs: 1000000, maxBytes: 6764572672"
	const eventBus = `
apiVersion: argoproj.io/v1alpha1
kind: EventBus
metadata: {name: default, namespace: ns, annotations: {meta.helm.sh/release-name: events}}
spec: {jetstreamExotic: {url: nats://events-argo-events-bus:4222, streamConfig: "{` + streamConfig + `}"}}
`
	const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-events-argo-events-bus-0, namespace: ns}\nspec: {resources: {requests: {storage: 5Gi}}}\n"
	const kafka, native = "eventBus: {mode: kafka, kafka: {url: kafka:9092}}", "eventBus: {mode: native}"
	set := func(object, old, text string) string {
		if !strings.Contains(object, old) {
			t.Fatalf("%q is not in %s", old, object)
		}
		return strings.ReplaceAll(object, old, text)
	}
	fast := set(bus, "spec: {resources", "spec: {storageClassName: fast, resources")
	nativeBus := set(eventBus, "jetstreamExotic: {url: nats://events-argo-events-bus:4222,", "jetstream: {version: 2.15.2,")
	nativeSet := set(bus, "events-argo-events-bus", "eventbus-default-js")
	kafkaBus := set(eventBus, `jetstreamExotic: {url: nats://events-argo-events-bus:4222, streamConfig: "{`+streamConfig+`}"}`, "kafka: {url: kafka:9092}")
	externalBus := set(eventBus, "nats://events-argo-events-bus:4222,", "\"tls://nats.example.org:4222\",")
	const external = "eventBus: {mode: external, external: {url: 'tls://nats.example.org:4222', tls: {enabled: true}}, stream: {maxBytes: 6764572672}}"
	down := func(object string) string { return set(object, "readyReplicas: 3", "readyReplicas: 2") }
	limit := func(value string) string { return "eventBus: {stream: {" + value + "}}" }
	helm, err := loader.Load("../../charts/argo-events")
	if err != nil {
		t.Fatal(err)
	}
	// Only the templates that refuse.
	helm.Templates = slices.DeleteFunc(helm.Templates, func(f *chart.File) bool {
		return !strings.HasPrefix(f.Name, "templates/_") && f.Name != "templates/refusals.yaml"
	})
	for _, c := range []struct {
		name    string
		objects []string
		values  string
		// want is a part of the refusal; empty: accepted.
		want string
	}{
		{"an empty namespace", nil, "", ""},
		{"the same values", []string{bus, eventBus}, "", ""},
		{"the same values of a native bus", []string{nativeBus, nativeSet}, native, ""},
		{"the same values of Kafka", []string{kafkaBus}, kafka, ""},

		{"another size", []string{bus}, "bus: {storage: {size: 20Gi}}", "bus.storage.size: the claims of StatefulSet events-argo-events-bus have 10Gi, which is immutable: run kubectl delete"},
		{"the same size in another unit", []string{bus}, "bus: {storage: {size: 10240Mi}}", ""},
		{"a size that an override sets", []string{bus}, "bus: {storage: {size: 20Gi}}\noverrides: {StatefulSet/bus: {spec: {volumeClaimTemplates: []}}}", ""},
		{"another class", []string{bus}, "bus: {storage: {className: fast}}", "bus.storage.className: StatefulSet events-argo-events-bus has the default class, which is immutable"},
		{"the default class", []string{fast}, "", "bus.storage.className: StatefulSet events-argo-events-bus has fast, which is immutable"},
		{"the same class", []string{fast}, "bus: {storage: {className: fast}}", ""},
		{"a smaller claim", []string{claim}, "", "bus.storage.size: PersistentVolumeClaim data-events-argo-events-bus-0 has 5Gi, less than 10Gi: resize it first"},
		{"a smaller claim in bytes", []string{set(claim, "5Gi", `"10737418239"`)}, "", "has 10737418239, less than 10Gi"},
		{"a claim of the same size", []string{set(claim, "5Gi", `"10737418240"`)}, "", ""},
		{"a larger claim", []string{claim}, "bus: {storage: {size: 4096Mi}}", ""},
		{"another name of the chart", []string{bus}, "{fullnameOverride: events-argo-events, nameOverride: other}", "nameOverride: StatefulSet events-argo-events-bus selects its pods by another name"},

		{"another mode", []string{bus, eventBus}, kafka, "eventBus.mode: EventBus default has another mode, and its events would stay on the old bus: keep the mode, or stop the event sources, wait"},
		{"from managed to external", []string{bus, eventBus}, external, "eventBus.mode: the events of this release are in StatefulSet events-argo-events-bus, and would stay there: keep the mode, or stop the event sources, wait"},
		{"from managed to external, allowed", []string{bus, eventBus}, external + "\nupgrade: {allow: [abandonEvents]}", ""},
		{"the same external servers", []string{externalBus}, external, ""},
		{"other external servers", []string{set(externalBus, "nats.example.org", "old.example.org")}, external, "eventBus.external.url: EventBus default has its events on tls://old.example.org:4222, and they would stay there: keep the servers, or stop"},
		{"from external to managed", []string{externalBus}, "profile: multi-node", "eventBus.external.url: EventBus default has its events on tls://nats.example.org:4222, and they would stay there"},
		{"a lower limit of external servers", []string{set(externalBus, "maxBytes: 6764572672", "maxBytes: 9764572672")}, external, "eventBus.stream.maxBytes: 6764572672 instead of 9764572672"},
		{"another mode, allowed", []string{bus, eventBus}, kafka + "\nupgrade: {allow: [abandonEvents]}", ""},
		{"another mode and name", []string{eventBus}, "eventBus: {mode: native, name: other}", "eventBus.name: the events of this release are on EventBus default, and other would be empty"},
		{"another name of a managed bus, with the same stream", []string{bus, eventBus}, "eventBus: {name: other}", ""},
		{"another name of a native bus", []string{nativeBus}, "eventBus: {mode: native, name: other}", "eventBus.name: the events of this release are on EventBus default"},
		{"a native bus from before", []string{nativeBus, set(nativeBus, "name: default", "name: other")}, "eventBus: {mode: native, name: other}", ""},
		{"another name in mode kafka", []string{kafkaBus}, "eventBus: {mode: kafka, name: other, kafka: {url: kafka:9092}}", "eventBus.name: the events of this release are on EventBus default"},
		{"another name with a topic", []string{set(kafkaBus, "kafka: {", "kafka: {topic: all, ")}, "eventBus: {mode: kafka, name: other, kafka: {url: kafka:9092, topic: all}}", ""},
		{"another name of all objects", []string{bus, eventBus}, "fullnameOverride: other", "fullnameOverride, nameOverride: the events of this release are in StatefulSet events-argo-events-bus, and other-bus would be empty"},
		{"the bus of another release", []string{set(bus, "release-name: events", "release-name: theirs")}, "fullnameOverride: other", ""},

		{"a member down", []string{down(bus)}, "", "eventBus: 2 of 3 servers of events-argo-events-bus are ready"},
		{"a member down, allowed", []string{down(bus)}, "upgrade: {allow: [memberDown]}", ""},
		{"a member of a native bus down", []string{nativeBus, down(nativeSet)}, native, "eventBus: 2 of 3 servers of eventbus-default-js are ready"},
		{"no member was ever ready", []string{set(bus, "readyReplicas: 3", "readyReplicas: 0")}, "", ""},
		{"a standalone server down", []string{set(set(bus, "replicas: 3", "replicas: 1"), "readyReplicas: 3", "readyReplicas: 0")}, "", ""},

		{"fewer events", []string{bus, eventBus}, limit("maxMsgs: 999999"), "eventBus.stream.maxMsgs: 999999 instead of 1000000, and the server deletes the oldest events"},
		{"fewer events, allowed", []string{bus, eventBus}, limit("maxMsgs: 999999") + "\nupgrade: {allow: [lowerLimits]}", ""},
		{"fewer events of a native bus", []string{nativeBus}, "eventBus: {mode: native, stream: {maxMsgs: 5}}", "eventBus.stream.maxMsgs: 5 instead of 1000000"},
		{"more events", []string{bus, eventBus}, limit("maxMsgs: 1000001"), ""},
		{"fewer bytes", []string{bus, eventBus}, limit("maxBytes: 1000000"), "eventBus.stream.maxBytes: 1000000 instead of 6764572672"},
		{"a limit for the first time", []string{bus, set(eventBus, "maxMsgs: 1000000", "maxMsgs: -1")}, "", "eventBus.stream.maxMsgs: 1000000 instead of unlimited"},
		{"a shorter age", []string{bus, eventBus}, limit("maxAge: 167h59m"), "eventBus.stream.maxAge: 167h59m instead of 168h"},
		{"the same age in another unit", []string{bus, eventBus}, limit("maxAge: 10080m"), ""},
		{"no age", []string{bus, eventBus}, limit("maxAge: 0s"), ""},
		{"an age for the first time", []string{bus, set(eventBus, "maxAge: 168h", "maxAge: 0s")}, "", "eventBus.stream.maxAge: 168h instead of unlimited"},
		{"a limit that an override sets", []string{bus, eventBus}, limit("maxMsgs: 5") + "\noverrides: {EventBus/event-bus: {spec: {jetstreamExotic: {streamConfig: 'maxMsgs: 1000000'}}}}", ""},

		{"older servers", []string{bus}, "bus: {image: {tag: 2.14.9}}", "bus.image.tag: nats-server 2.14.9 is older than the running 2.15.2-alpine and may not read its files"},
		{"older servers, allowed", []string{bus}, "bus: {image: {tag: 2.14.9}}\nupgrade: {allow: [olderServers]}", ""},
		{"an older patch version", []string{bus}, "bus: {image: {tag: 2.15.0}}", ""},
		{"newer servers", []string{set(bus, "nats:2.15.2", "nats:2.9.25")}, "", ""},
		{"a tag without a version", []string{bus}, "bus: {image: {tag: latest}}", ""},
		{"older native servers", []string{nativeBus}, "{eventBus: {mode: native}, nativeBus: {version: 2.10.29}}", "nativeBus.version: nats-server 2.10.29 is older than the running 2.15.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := upgrade(t, helm, c.objects, c.values); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// upgrade renders the chart as helm upgrade does in a namespace with objects, and returns the error.
func upgrade(t *testing.T, helm *chart.Chart, texts []string, text string) string {
	t.Helper()
	var all []runtime.Object
	for _, o := range texts {
		var u unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(o), &u.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, &u)
	}
	kinds := map[schema.GroupVersionResource]string{
		{Group: "apps", Version: "v1", Resource: "statefulsets"}: "StatefulSetList", {Version: "v1", Resource: "persistentvolumeclaims"}: "PersistentVolumeClaimList",
		{Group: "argoproj.io", Version: "v1alpha1", Resource: "eventbuses"}: "EventBusList", {Version: "v1", Resource: "secrets"}: "SecretList", {Version: "v1", Resource: "namespaces"}: "NamespaceList",
	}
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	values["profile"] = "multi-zone"
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.36.0", Major: "1", Minor: "36"}
	render, err := chartutil.ToRenderValues(helm, values, chartutil.ReleaseOptions{Name: "events", Namespace: "ns", IsUpgrade: true, Revision: 2}, capabilities)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, all...)
	if _, err := engine.RenderWithClientProvider(helm, render, objects{client}); err != nil {
		return err.Error()
	}
	return ""
}
