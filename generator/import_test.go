package generator_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/importer"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/golden"
	"sigs.k8s.io/yaml"
)

// flagship is the chart argo-events.
func flagship(t *testing.T) *generator.Chart {
	t.Helper()
	c, err := generator.Load(generator.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// installed returns the custom resources of a rendering, as objects of a namespace.
func installed(t *testing.T, objects []manifest.Object) []importer.Object {
	t.Helper()
	var all []importer.Object
	for _, o := range objects {
		if !slices.Contains([]string{"EventBus", "EventSource", "Sensor"}, o.Kind) {
			continue
		}
		var fields map[string]any
		if err := yaml.Unmarshal([]byte(o.Text), &fields); err != nil {
			t.Fatal(err)
		}
		all = append(all, importer.Object{At: o.Source + ":1", APIVersion: o.APIVersion, Kind: o.Kind, Namespace: "argo", Name: o.Name, Fields: fields})
	}
	return all
}

// fields returns the fields of objects by kind and name.
func fields(objects []importer.Object) map[string]any {
	all := map[string]any{}
	for _, o := range objects {
		all[o.String()] = o.Fields
	}
	return all
}

// rendered renders values as read from a file.
func rendered(t *testing.T, c *generator.Chart, values map[string]any) []manifest.Object {
	t.Helper()
	text, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]any{}
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	objects, err := c.Render(generator.Options{Release: "events", Namespace: "argo", Values: read, NoHooks: true})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return objects
}

// TestImportOfRendered: the import of rendered objects gives values that render the same objects, for the values of all golden cases and for
// random ones.
func TestImportOfRendered(t *testing.T) {
	c := flagship(t)
	cases := map[string]map[string]any{}
	files, err := filepath.Glob("../golden/*/case.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		g, err := golden.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if g.Stack != generator.DefaultStack || filepath.Base(dir) == "overrides" { // which has another name for the chart
			continue
		}
		values, err := render.ReadValues(filepath.Join(dir, g.Values))
		if err != nil {
			t.Fatal(err)
		}
		values["profile"] = g.Profile
		cases[filepath.Base(dir)] = values
	}
	for seed := range uint64(6) {
		cases[fmt.Sprintf("random %d", seed)] = randomValues(rand.New(rand.NewPCG(seed, 0)))
	}
	for name, values := range cases {
		t.Run(name, func(t *testing.T) {
			before := installed(t, rendered(t, c, values))
			profile, _ := values["profile"].(string)
			r, err := c.Import(before, importer.Request{Release: "events", Profile: profile}, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Differences {
				t.Errorf("%s %s: %s", d.Object, d.Field, d.Effect)
			}
			if len(r.Imported) != len(before) {
				t.Errorf("imported %v of %d objects: %v", r.Imported, len(before), r.Findings)
			}
			after := installed(t, rendered(t, c, r.Values))
			was, is := fields(before), fields(after)
			for key := range was {
				if !reflect.DeepEqual(was[key], is[key]) {
					t.Errorf("%s: was\n%v\nis\n%v", key, was[key], is[key])
				}
			}
		})
	}
}

// TestImportLosesNothing: what the imported values render has every field of the installation, or the result names the field.
func TestImportLosesNothing(t *testing.T) {
	c := flagship(t)
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		objects := randomInstallation(r)
		result, err := c.Import(objects, importer.Request{Release: "events", Namespace: "argo"}, "")
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var named []string
		for _, d := range result.Differences {
			if d.Effect != importer.Added {
				named = append(named, d.Object+": "+d.Field)
			}
		}
		after := map[string]any{}
		if len(result.Imported) > 0 {
			after = fields(installed(t, rendered(t, c, result.Values)))
		}
		for _, o := range objects {
			if !slices.Contains(result.Imported, o.String()) {
				if !slices.ContainsFunc(result.Findings, func(n importer.Note) bool { return n.Object == o.String() }) {
					t.Errorf("seed %d: %s is not imported, without a finding", seed, o)
				}
				continue
			}
			is, _ := after[o.String()].(map[string]any)
			for _, lost := range lost("", map[string]any{"spec": o.Fields["spec"]}, is) {
				if !slices.ContainsFunc(named, func(n string) bool { return strings.HasPrefix(o.String()+": "+lost, n) }) {
					t.Errorf("seed %d: %s: %s is lost, and not named:\n%v", seed, o, lost, named)
				}
			}
		}
	}
}

// lost returns the scalars of a tree that another has not at the same place. The items of lists may have others before them.
func lost(path string, was, is any) (all []string) {
	switch was := was.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		for key, value := range was {
			at := strings.TrimPrefix(path+"."+key, ".")
			if key == "streamConfig" {
				continue // text; TestImportStream
			}
			if _, ok := is[key]; !ok && value != nil {
				if m, ok := value.(map[string]any); ok && len(m) == 0 && key == "service" {
					continue
				}
				all = append(all, at)
				continue
			}
			all = append(all, lost(at, value, is[key])...)
		}
	case []any:
		is, _ := is.([]any)
		for n, item := range was {
			if !slices.ContainsFunc(is, func(other any) bool { return len(lost("", item, other)) == 0 }) {
				all = append(all, fmt.Sprintf("%s[%d]", path, n))
			}
		}
	case nil:
	default:
		if fmt.Sprint(was) != fmt.Sprint(is) {
			all = append(all, path)
		}
	}
	return all
}

// pick returns one of some YAML texts, decoded.
func pick(r *rand.Rand, texts ...string) any {
	var v any
	if err := yaml.Unmarshal([]byte(texts[r.IntN(len(texts))]), &v); err != nil {
		panic(err)
	}
	return v
}

// pods adds random fields of pods to a spec.
func pods(r *rand.Rand, spec map[string]any) map[string]any {
	template := map[string]any{}
	for key, values := range map[string][]string{
		"metadata":           {`{labels: {team: a}}`, `{annotations: {note: "1"}, labels: {app: b}}`},
		"serviceAccountName": {`mine`, `other`},
		"container":          {`{env: [{name: A, value: b}]}`, `{resources: {requests: {cpu: 10m}}, imagePullPolicy: Always}`, `{volumeMounts: [{name: v, mountPath: /v}]}`},
		"volumes":            {`[{name: v, emptyDir: {}}]`},
		"tolerations":        {`[{key: dedicated, operator: Exists}]`, `[{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 99}]`},
		"nodeSelector":       {`{disk: ssd}`},
		"securityContext":    {`{runAsUser: 0, runAsNonRoot: false}`, `{fsGroup: 3}`},
		"affinity":           {`{nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}`, `{podAntiAffinity: {}}`},
		"priorityClassName":  {`high`},
		"imagePullSecrets":   {`[{name: pull}]`},
	} {
		if r.IntN(3) == 0 {
			template[key] = pick(r, values...)
		}
	}
	if len(template) > 0 {
		spec["template"] = template
	}
	if r.IntN(2) == 0 {
		spec["replicas"] = 1 + r.IntN(3)
	}
	return spec
}

func randomSource(r *rand.Rand) map[string]any {
	spec := pick(r,
		`{webhook: {a: {port: "12000", endpoint: /a, method: POST, maxPayloadSize: 2097152}}}`,
		`{webhook: {a: {port: "12000", endpoint: /a, method: GET}}, service: {ports: [{port: 80, targetPort: 12000, name: web}]}}`,
		`{webhook: {a: {port: "12000", endpoint: /a, method: GET}}, service: {}}`,
		`{calendar: {a: {interval: 10s}, b: {schedule: "0 0 * * *", timezone: Europe/Berlin}}}`,
		`{sqs: {a: {region: eu-west-1, queue: q, waitTimeSeconds: 20}}}`,
	).(map[string]any)
	return pods(r, spec)
}

func randomSensor(r *rand.Rand) map[string]any {
	trigger := func(name string) map[string]any {
		t := pick(r, `{template: {log: {}}}`, `{template: {http: {url: "http://x", method: POST, timeout: 10}}}`,
			`{template: {log: {intervalSeconds: 5}}, retryStrategy: {steps: 3, duration: 1s}}`, `{template: {log: {}}, atLeastOnce: false}`,
			`{template: {log: {}}, atLeastOnce: true, dlqTrigger: {template: {name: dead, log: {}}, atLeastOnce: true}}`,
			`{template: {log: {}}, rateLimit: {unit: Second, requestsPerUnit: 10}}`).(map[string]any)
		t["template"].(map[string]any)["name"] = name
		return t
	}
	spec := map[string]any{"dependencies": pick(r, `[{name: d, eventSourceName: s, eventName: a}]`, `[{name: d, eventSourceName: s, eventName: a, filters: {data: [{path: body.x, type: string, value: [x]}]}}]`)}
	triggers := []any{trigger("one")}
	if r.IntN(2) == 0 {
		triggers = append(triggers, trigger("two"))
	}
	spec["triggers"] = triggers
	return pods(r, spec)
}

func randomValues(r *rand.Rand) map[string]any {
	sources, sensors := map[string]any{}, map[string]any{}
	for n := range 1 + r.IntN(3) {
		sources[fmt.Sprintf("s%d", n)], sensors[fmt.Sprintf("t%d", n)] = randomSource(r), randomSensor(r)
	}
	for _, s := range sources {
		delete(s.(map[string]any), "service") // an empty one is no value of the chart
	}
	mode := pick(r, `{mode: native}`, `{mode: native, stream: {maxAge: 72h, maxMsgs: 50000, maxBytes: 5000000000}}`, `{mode: kafka, kafka: {url: "kafka:9092", version: 2.1.0}}`)
	values := map[string]any{"eventBus": mode, "eventSources": sources, "sensors": sensors}
	values["profile"] = pick(r, "single-node", "multi-node", "multi-zone")
	return values
}

// randomInstallation returns objects as users and controllers write them, also with faults.
func randomInstallation(r *rand.Rand) []importer.Object {
	object := func(kind, name string, spec any) importer.Object {
		metadata := pick(r, `{}`, `{labels: {team: a}, annotations: {note: b}, uid: "1", resourceVersion: "2"}`, `{annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}}`).(map[string]any)
		metadata["name"], metadata["namespace"] = name, "argo"
		return importer.Object{At: "live:1", APIVersion: "argoproj.io/v1alpha1", Kind: kind, Namespace: "argo", Name: name,
			Fields: map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec, "status": map[string]any{"conditions": []any{}}}}
	}
	all := []importer.Object{object("EventBus", "default", pick(r,
		`{jetstream: {version: 2.10.29, replicas: 3, persistence: {volumeSize: 20Gi, storageClassName: gp3}}}`,
		`{jetstream: {version: latest, replicas: 1, streamConfig: "maxAge: 72h\nmaxBytes: 1GB\nreplicas: 1\n"}}`,
		`{jetstream: {version: 2.9.16, replicas: 5, settings: "max_file_store: 9GB", persistence: {volumeSize: 20G}, affinity: {nodeAffinity: {}}, containerTemplate: {resources: {limits: {memory: 2Gi}}}, metadata: {labels: {a: b}}}}`,
		`{jetstream: {version: 2.10.29, replicas: 4}}`,
		`{kafka: {url: "kafka:9092", version: 2.1.0, topic: t, notAField: 1}}`,
		`{nats: {native: {auth: token}}}`,
		`{jetstreamExotic: {url: "nats://n:4222", accessSecret: {name: s, key: k}, tls: {caCertSecret: {name: s, key: ca}}, streamConfig: "maxAge: 24h\nreplicas: 3"}}`,
		`{jetstreamExotic: {url: "nats://n:4222"}}`,
	))}
	for n := range 1 + r.IntN(3) {
		source, sensor := randomSource(r), randomSensor(r)
		switch r.IntN(8) {
		case 0:
			source["revisionHistoryLimit"] = 3
		case 1:
			sensor["template"] = map[string]any{"container": map[string]any{"livenessProbe": map[string]any{"httpGet": map[string]any{"port": 8080}}, "name": ""}}
		case 2:
			source["webhook"] = map[string]any{"a": map[string]any{"port": "12000", "endpoint": "/a"}} // no method
		case 3:
			source["eventBusName"] = "other"
		}
		all = append(all, object("EventSource", fmt.Sprintf("s%d", n), source), object("Sensor", fmt.Sprintf("t%d", n), sensor))
	}
	return all
}
