package importer

import (
	"fmt"
	"testing"

	"sigs.k8s.io/yaml"
)

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return fields
}

// TestControllerOf: a controller is recognized by its command, whatever its name and labels are.
func TestControllerOf(t *testing.T) {
	for _, test := range []struct{ name, container, want string }{
		{"argo-helm", `{image: "quay.io/argoproj/argo-events:v1.9.10", args: [controller, --leader-election=false]}`, "v1.9.10 watches all"},
		{"namespaced", `{image: "argoproj/argo-events:v1.9.6", args: [controller, --namespaced]}`, "v1.9.6 watches own"},
		{"by a value", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced=true]}`, "v1.9.6 watches own"},
		{"not namespaced", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced=false]}`, "v1.9.6 watches all"},
		{"managed", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced, --managed-namespace, shop]}`, "v1.9.6 watches shop"},
		{"managed by =", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced, --managed-namespace=shop]}`, "v1.9.6 watches shop"},
		{"managed by a variable", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced, "--managed-namespace=$(NAMESPACE)"], env: [{name: NAMESPACE, valueFrom: {}}]}`, "v1.9.6 watches own"},
		{"a variable", `{image: "a/argo-events:v1.9.6", args: [controller, --namespaced], env: [{name: NAMESPACE, value: shop}]}`, "v1.9.6 watches shop"},
		{"managed without namespaced", `{image: "a/argo-events:v1.9.6", args: [controller, --managed-namespace, shop]}`, "v1.9.6 watches all"},
		{"a mirror of another name", `{image: "mirror:5000/events@sha256:00", command: [/bin/argo-events], args: [controller], env: [{name: ARGO_EVENTS_IMAGE, value: x}]}`, " watches all"},
		{"a tag that is no version", `{image: "a/argo-events:stable", args: [controller]}`, " watches all"},
		{"one of three, until 1.6", `{image: "a/argo-events:v1.6.0", args: [sensor-controller]}`, "v1.6.0 watches all, part"},
		{"the webhook", `{image: "a/argo-events:v1.9.6", args: [webhook-service]}`, "none"},
		{"another controller", `{image: "a/other:v1.9.6", args: [controller]}`, "none"},
		{"no arguments", `{image: "a/argo-events:v1.9.6"}`, "none"},
	} {
		fields := decoded(t, "spec: {template: {spec: {containers: ["+test.container+"]}}}")
		got := "none"
		if c := ControllerOf(Object{Kind: "Deployment", Namespace: "own", Name: "c", Fields: fields}); c != nil {
			got = c.Version + " watches " + c.Watches
			if c.Watches == "" {
				got += "all"
			}
			if c.part {
				got += ", part"
			}
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestStream: settings of a stream are read as Argo Events reads them (facts of viper 1.21: a limit with a unit, and days, are no limits).
func TestStream(t *testing.T) {
	for config, want := range map[string]string{
		"maxBytes: 1GB":                     "map[maxBytes:unlimited]",
		"maxBytes: -1\nmaxMsgs: 0":          "map[maxBytes:unlimited maxMsgs:unlimited]",
		"MAXBYTES: 1024\nmaxMsgs: \"50\"":   "map[maxBytes:1024 maxMsgs:50]",
		"maxAge: 7d":                        "map[maxAge:unlimited]",
		"maxAge: 72h\nduplicates: 300s":     "map[duplicates:5m0s maxAge:72h0m0s]",
		"maxAge: 72":                        "map[maxAge:72ns]",
		"replicas: 0\nretention: 1":         "map[replicas:1 retention:1]",
		"discard: 0\nreplicas: 3\nother: 1": "map[discard:0 replicas:3]",
	} {
		fields, err := streamFields(config)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(effective(fields)); got != want {
			t.Errorf("%q: got %s, want %s", config, got, want)
		}
	}
}

// TestDifferences: a patch over the second object gives every field of the first.
func TestDifferences(t *testing.T) {
	for _, test := range []struct{ was, is, want, patch string }{
		{`{a: 1}`, `{a: 1.0}`, "", ""},
		{`{a: "1"}`, `{a: 1}`, "a changed", "map[a:1]"},
		{`{a: 1}`, `{}`, "a missing", "map[a:1]"},
		{`{}`, `{a: {b: 1, c: {d: {e: {}}}}}`, "a.b added", ""},
		{`{}`, `{a: {}}`, "", ""},
		{`{metadata: {labels: {a/b.c: x}}}`, `{metadata: {labels: {}}}`, `metadata.labels["a/b.c"] missing`, "map[metadata:map[labels:map[a/b.c:x]]]"},
		{`{env: [{name: a, value: b}]}`, `{env: [{name: z}, {name: a, value: b}]}`, "env[0] added", ""},
		{`{env: [{name: a, value: b}]}`, `{env: [{name: a, value: c}]}`, "env[0].value changed", "map[env:[map[name:a value:b]]]"},
		{`{triggers: [{template: {name: t}}]}`, `{triggers: [{template: {name: t}, atLeastOnce: true}]}`, "triggers[0].atLeastOnce added", ""},
		{`{tolerations: [{operator: Exists, effect: NoExecute, key: a}]}`, `{tolerations: [{operator: Exists, effect: NoSchedule, key: a}]}`, "tolerations[0] missing tolerations[0] added", "map[tolerations:[map[effect:NoExecute key:a operator:Exists]]]"},
		{`{args: [a, b]}`, `{args: [b]}`, "args[0] missing", "map[args:[a b]]"},
		{`{list: [[1], [2]]}`, `{list: [[1], [3]]}`, "list[1] missing list[1] added", "map[list:[[1] [2]]]"},
		{`{a: {b: 1}}`, `{a: [1]}`, "a changed", "map[a:map[b:1]]"},
	} {
		was, is := decoded(t, test.was), decoded(t, test.is)
		got := ""
		for _, d := range differences("o", was, is) {
			if got != "" {
				got += " "
			}
			got += d.Field + " " + string(d.Effect)
		}
		if got != test.want {
			t.Errorf("%s and %s: got %q, want %q", test.was, test.is, got, test.want)
		}
		gotPatch := ""
		if p := patch(was, is); p != nil {
			gotPatch = fmt.Sprint(p)
		}
		if gotPatch != test.patch {
			t.Errorf("%s and %s: got patch %q, want %q", test.was, test.is, gotPatch, test.patch)
		}
	}
}

// TestDropUnknown: only fields that the type does not have are dropped.
func TestDropUnknown(t *testing.T) {
	spec := decoded(t, `{replicas: 2, revisionHistoryLimit: 3, template: {container: {name: "", env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, x: 1}}}]}, nodeSelector: {any: b}},
  webhook: {in: {port: "1", endpoint: /, methods: POST}}, service: {ports: [{port: 1, targetPort: web}], type: LoadBalancer}}`)
	got := fmt.Sprint(dropUnknown("events.v1alpha1.EventSourceSpec", spec, "spec"))
	want := "[spec.revisionHistoryLimit spec.service.type spec.template.container.env[0].valueFrom.secretKeyRef.x spec.template.container.name spec.webhook.in.methods]"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if text(spec, "template", "nodeSelector", "any") != "b" || text(spec, "webhook", "in", "port") != "1" {
		t.Errorf("known fields are gone: %v", spec)
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"v1.9.11": "[1 9 11] true", "1.9.3": "[1 9 3] true", "v1.9.11-rc1": "[1 9 10] true", "v1.9.11-alpine": "[1 9 11] true", "latest": "[0 0 0] false", "v1.9": "[0 0 0] false", "": "[0 0 0] false",
	} {
		v, ok := parseVersion(text)
		if got := fmt.Sprint(v, ok); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
