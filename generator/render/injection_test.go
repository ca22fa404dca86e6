package render_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/yaml"
)

// hostile are strings that a careless template takes for YAML, for another type, or for its own language.
var hostile = []string{
	"x\ninjected: true", "---\nkind: Evil", "x\n---\napiVersion: v1\nkind: Evil\nmetadata:\n  name: evil\n", "a\n\nb\n", "a\r\nb",
	"a: b", "x # y", "{{ .Values }}", "*x", "&a b", "- item", "{a: b}", "[a, b]", "|", "!!binary x", "%", "@x", "<<",
	`"quoted"`, `"`, "it's", "'", `C:\new \x41 \`,
	"yes", "null", "~", "1e3", "012", "0x1f", "2026-01-01",
	"  spaces  ", "\ttabs\t", "ünïcödé ☂ 日本 😀 \u00a0\u2028\ufeff", strings.Repeat("long ", 2000),
}

// everything gives a value to all that the chart leaves empty or has a word for. Each ANY is a string that users are free to write.
const everything = `
profile: multi-node
eventSources:
  ANY:
    eventBusName: ANY
    template: &template
      metadata: {labels: {ANY: ANY}, annotations: {ANY: ANY}}
      serviceAccountName: ANY
      nodeSelector: {ANY: ANY}
      priorityClassName: ANY
      imagePullSecrets: [{name: ANY}]
      tolerations: [{key: ANY, operator: ANY, value: ANY, effect: ANY}]
      affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: ANY, labelSelector: {matchLabels: {ANY: ANY}}}]}}
      volumes: [{name: ANY, configMap: {name: ANY}}]
      container:
        imagePullPolicy: ANY
        env: [{name: ANY, value: ANY}, {name: ANY, valueFrom: {secretKeyRef: {name: ANY, key: ANY}}}]
        resources: {requests: {cpu: ANY}}
        volumeMounts: [{name: ANY, mountPath: ANY}]
    webhook:
      ANY: {port: "12000", endpoint: ANY, method: POST, url: ANY, metadata: {ANY: ANY}, filter: {expression: ANY}, authSecret: {name: ANY, key: ANY}}
  ANY:
    github:
      ANY: {webhook: {port: "12001", endpoint: ANY, method: POST}, events: [ANY], repositories: [{owner: ANY, names: [ANY]}]}
    service: {clusterIP: ANY, ports: [{name: ANY, port: 1, protocol: ANY}]}
  ANY:
    calendar:
      ANY: {schedule: ANY, timezone: ANY, exclusionDates: [ANY], metadata: {ANY: ANY}}
sensors:
  ANY:
    eventBusName: ANY
    loggingFields: {ANY: ANY}
    dependencies:
      - {name: ANY, eventSourceName: ANY, eventName: ANY, filters: {data: [{path: ANY, type: ANY, value: [ANY]}], script: ANY}, transform: {jq: ANY}}
    template: *template
    triggers:
      - retryStrategy: {steps: 3, duration: ANY}
        parameters: [{src: {dependencyName: ANY, dataKey: ANY, dataTemplate: ANY, value: ANY}, dest: ANY}]
        template:
          name: ANY
          conditions: ANY
          k8s: {operation: ANY, source: {resource: {apiVersion: ANY, kind: ANY, metadata: {generateName: ANY, labels: {ANY: ANY}}, spec: {ANY: ANY}}}}
        dlqTrigger:
          template: {name: ANY, http: {url: ANY, method: ANY, headers: {ANY: ANY}, payload: [{src: {dependencyName: ANY, value: ANY}, dest: ANY}]}}
eventBus:
  name: ANY
  stream: {replicas: 3}
  auth: {existingSecret: ANY}
  tls: {existingSecret: ANY, certManager: {enabled: true, issuerRef: {name: ANY, kind: ANY, group: ANY}}}
bootstrap: &job
  image: {registry: ANY, repository: ANY, tag: ANY}
  resources: {requests: {cpu: ANY, memory: ANY, ANY: ANY}, limits: {memory: ANY}}
uninstall: *job
bus: &pods
  image: {registry: ANY, repository: ANY, tag: ANY}
  replicas: 3
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: ANY, whenUnsatisfiable: ANY}]
  podDisruptionBudget: &budget {maxUnavailable: 1, unhealthyPodEvictionPolicy: ANY}
  updateStrategy: {type: ANY}
  minReadySeconds: 1
  terminationGracePeriodSeconds: 1
  startupProbe: {periodSeconds: 1}
  readinessProbe: {periodSeconds: 1}
  livenessProbe: {periodSeconds: 1}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: ANY, whenScaled: ANY}
  affinity: &affinity {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: ANY, operator: ANY, values: [ANY]}]}]}}}
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: &tolerations [{key: ANY, operator: ANY, value: ANY, effect: ANY}]
  storage: {className: ANY}
  resources: &resources {requests: {cpu: ANY, memory: ANY, ANY: ANY}, limits: {memory: ANY}}
  env: [{name: ANY, value: ANY}]
  podLabels: {ANY: ANY}
  podAnnotations: {ANY: ANY}
  allowFrom: [{podSelector: {matchLabels: {ANY: ANY}}}, {ipBlock: {cidr: ANY}}]
  syncInterval: ANY
nativeBus:
  replicas: 3
  antiAffinity: &antiAffinity [{topologyKey: ANY, hardUpTo: 3}, {topologyKey: ANY, hardUpTo: 0}]
  podDisruptionBudget: *budget
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  storage: {className: ANY}
  resources: *resources
  version: known
  versions:
    - {version: ANY, natsImage: ANY, metricsExporterImage: ANY, configReloaderImage: ANY, startCommand: ANY}
    - {version: known, natsImage: ANY, metricsExporterImage: ANY, configReloaderImage: ANY, startCommand: ANY}
controller:
  image: {registry: ANY, repository: ANY, tag: ANY}
  replicas: 2
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: ANY, whenUnsatisfiable: ANY}]
  podDisruptionBudget: *budget
  strategy: {type: ANY}
  terminationGracePeriodSeconds: 1
  readinessProbe: {periodSeconds: 1}
  livenessProbe: {periodSeconds: 1}
  affinity: *affinity
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  resources: *resources
  env: [{name: ANY, value: ANY}]
  podLabels: {ANY: ANY}
  podAnnotations: {ANY: ANY}
  allowFrom: [{podSelector: {matchLabels: {ANY: ANY}}}]
activeActiveSource:
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
activePassiveSource: &elected
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  election: {by: leases, leaseDuration: ANY, renewDeadline: ANY, retryPeriod: ANY}
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
sensor:
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  election: {by: leases, leaseDuration: ANY, renewDeadline: ANY, retryPeriod: ANY}
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  retryStrategy: {duration: ANY}
networkPolicy: {metricsFrom: [{namespaceSelector: {matchLabels: {ANY: ANY}}}]}
imagePullSecrets: [{name: ANY}]
overrides:
  Service/bus: {metadata: {annotations: {ANY: ANY}}}
  ConfigMap/controller: {data: {ANY: ANY}}
  Deployment/controller: {spec: {template: {spec: {containers: [{name: controller, env: [{name: ANY, value: ANY}]}]}}}}
extraObjects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: ANY, annotations: {ANY: ANY}, labels: {ANY: ANY}}, data: {ANY: ANY}}
  - {apiVersion: ANY, kind: Secret, metadata: {name: ANY}, stringData: {text: ANY}}
`

// modes are what is laid over everything, so that each value takes effect once.
var modes = map[string]string{
	"managed": `{}`,
	"native": `
eventBus: {mode: native}
imageRegistry: ANY
nameOverride: ANY
bootstrap: {image: {digest: ANY}}
controller: {image: {digest: ANY}}
`,
	"kafka": `
eventBus:
  mode: kafka
  kafka:
    {url: ANY, topic: ANY, version: ANY, partitioner: ANY, consumerGroup: {groupName: ANY, rebalanceStrategy: ANY},
     sasl: {mechanism: ANY, userSecret: {name: ANY, key: ANY}, passwordSecret: {name: ANY, key: ANY}}, tls: {caCertSecret: {name: ANY, key: ANY}}}
fullnameOverride: ANY
bus: {image: {digest: ANY}}
uninstall: {image: {digest: ANY}}
`,
}

// TestInjection puts each hostile string into each string of the values: it is refused, or it comes out verbatim where the
// string was that it replaced, and nothing else changes. Strings of which nothing bad is to be told are tried together;
// where anything is, the culprit is found by halves, so that each is judged by itself.
func TestInjection(t *testing.T) {
	for mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := newBase(t, mode)
			for _, h := range hostile {
				t.Run(strconv.Quote(h[:min(len(h), 24)]), func(t *testing.T) {
					t.Parallel()
					for _, violation := range b.try(t, b.positions, h) {
						t.Error(violation)
					}
				})
			}
		})
	}
}

// TestEverythingIsEverything: a value that is empty in each base would never be tried.
func TestEverythingIsEverything(t *testing.T) {
	count := map[string]int{}
	for mode := range modes {
		for _, path := range empty(newBase(t, mode).values, "") {
			count[path]++
		}
	}
	for path, n := range count {
		if n == len(modes) {
			t.Errorf("%s is empty in everything and in all modes: give it a value there", path)
		}
	}
}

// base is a set of values with a token for each string that users are free to write, and what is rendered of it.
type base struct {
	chart     *render.Chart
	values    map[string]any
	positions []position
	objects   []any
	sources   []string
}

// position is a string in the values.
type position struct {
	// path is how the chart's refusals write it, pointer how the schema's do.
	path, pointer string
	// token stands there in the base and nowhere else; empty where only some words are accepted, so that every hostile one must be refused.
	token string
	key   bool
}

// The names that the release and its namespace have in the base.
const releaseToken, namespaceToken = "t1release", "t1namespace"

func newBase(t *testing.T, mode string) *base {
	t.Helper()
	c, err := flagship()
	if err != nil {
		t.Fatal(err)
	}
	next := 1000
	free := func(text string) map[string]any {
		return decoded(t, regexp.MustCompile(`\bANY\b`).ReplaceAllStringFunc(text, func(string) string {
			next++
			return fmt.Sprintf("t%dt", next)
		}))
	}
	b := &base{chart: c, values: over(over(copied(t, c.Values), free(everything)), free(modes[mode]))}
	b.positions = []position{{path: "the release's name", token: releaseToken}, {path: "the namespace", token: namespaceToken}}
	b.find(b.values, "", "")
	objects, err := b.render(t, nil, "")
	if err != nil {
		t.Fatalf("the base is refused: %v", err)
	}
	for _, o := range objects {
		b.sources = append(b.sources, o.Source)
	}
	if b.objects, err = trees(objects); err != nil {
		t.Fatal(err)
	}
	return b
}

var token = regexp.MustCompile(`^t\d+t$`)

// find lists the strings of tree.
func (b *base) find(tree any, path, pointer string) {
	add := func(path, pointer, s string, key bool) {
		p := position{path: path, pointer: pointer, key: key}
		if token.MatchString(s) {
			p.token = s
		}
		if !slices.ContainsFunc(b.positions, func(q position) bool { return p.token != "" && p.token == q.token }) {
			b.positions = append(b.positions, p)
		}
	}
	switch tree := tree.(type) {
	case string:
		if tree != "" {
			add(path, pointer, tree, false)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			path, pointer := strings.TrimPrefix(path+"."+key, "."), pointer+"/"+strings.ReplaceAll(key, "/", "~1")
			if token.MatchString(key) {
				add(path, pointer, key, true)
			}
			b.find(tree[key], path, pointer)
		}
	case []any:
		for i, item := range tree {
			b.find(item, fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%s/%d", pointer, i))
		}
	}
}

// empty lists the leaves of tree that hold nothing.
func empty(tree any, path string) []string {
	var all []string
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			all = append(all, empty(value, strings.TrimPrefix(path+"."+key, "."))...)
		}
		if len(tree) > 0 {
			return all
		}
	case []any:
		for i, item := range tree {
			all = append(all, empty(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		if len(tree) > 0 {
			return all
		}
	case string:
		if tree != "" {
			return nil
		}
	case nil:
	default:
		return nil
	}
	return append(all, path)
}

// render renders the base with h at some positions.
func (b *base) render(t *testing.T, at []position, h string) ([]manifest.Object, error) {
	t.Helper()
	tokens, pinned := map[string]bool{}, map[string]bool{}
	for _, p := range at {
		tokens[p.token], pinned[p.path] = p.token != "", p.token == ""
	}
	return render.Render(b.chart, render.Options{
		Release:   put(releaseToken, "", tokens, pinned, h).(string),
		Namespace: put(namespaceToken, "", tokens, pinned, h).(string),
		Values:    put(b.values, "", tokens, pinned, h).(map[string]any),
	})
}

// put is a copy of tree with h for the tokens, and at the paths where there are none.
func put(tree any, path string, tokens, pinned map[string]bool, h string) any {
	switch tree := tree.(type) {
	case string:
		if tokens[tree] || pinned[path] {
			return h
		}
	case map[string]any:
		changed := make(map[string]any, len(tree))
		for key, value := range tree {
			value = put(value, strings.TrimPrefix(path+"."+key, "."), tokens, pinned, h)
			if tokens[key] {
				key = h
			}
			changed[key] = value
		}
		return changed
	case []any:
		changed := make([]any, len(tree))
		for i, item := range tree {
			changed[i] = put(item, fmt.Sprintf("%s[%d]", path, i), tokens, pinned, h)
		}
		return changed
	}
	return tree
}

// try puts h at all positions at once, leaves out those that are refused by name, and judges what comes out. Where that
// cannot be told of all together, each half is tried by itself.
func (b *base) try(t *testing.T, at []position, h string) []string {
	t.Helper()
	if len(at) == 0 {
		return nil
	}
	objects, err := b.render(t, at, h)
	if err != nil {
		rest := slices.DeleteFunc(slices.Clone(at), func(p position) bool { return p.refusedBy(err.Error(), h) })
		switch {
		case len(rest) < len(at):
			return b.try(t, rest, h)
		case len(at) == 1:
			t.Logf("%s is refused, but not by name: %v", at[0].path, err)
			return nil
		}
	} else {
		violations := b.judge(at, h, objects)
		if len(violations) == 0 || len(at) == 1 {
			return violations
		}
	}
	half := len(at) / 2
	return append(b.try(t, at[:half], h), b.try(t, at[half:], h)...)
}

// refusedBy reports whether an error names the position as what was wrong.
func (p position) refusedBy(err, h string) bool {
	switch {
	case p.token == releaseToken:
		return strings.HasPrefix(err, "release name ")
	case p.key:
		return strings.Contains(err, fmt.Sprintf("invalid propertyName '%s'", h)) && strings.Count(p.pointer, "/") == 2
	}
	return strings.Contains(err, "- at '"+p.pointer+"': ") || strings.Contains(err, "- "+p.path+": ")
}

// judge compares what was rendered with the base's objects, in which h stands for the tokens.
func (b *base) judge(at []position, h string, objects []manifest.Object) []string {
	var names []string
	for _, p := range at {
		names = append(names, p.path)
	}
	about := func(what string, args ...any) string {
		return fmt.Sprintf("%s = %.40q: %s", strings.Join(names, ", "), h, fmt.Sprintf(what, args...))
	}
	got, err := trees(objects)
	if err != nil {
		return []string{about("%v", err)}
	}
	if len(got) != len(b.objects) {
		return []string{about("%d objects, want %d", len(got), len(b.objects))}
	}
	d := differences{h: h, tokens: map[string]bool{}}
	for _, p := range at {
		if p.token == "" {
			d.found = append(d.found, "is accepted, though only some words should be; or give it a token in everything")
		}
		d.tokens[p.token] = p.token != ""
	}
	for i := range got {
		d.compare(b.objects[i], got[i], b.sources[i])
	}
	for i := range d.found {
		d.found[i] = about("%s", d.found[i])
	}
	return d.found
}

// trees decodes objects, strictly.
func trees(objects []manifest.Object) ([]any, error) {
	var all []any
	for _, o := range objects {
		var tree map[string]any
		if err := yaml.UnmarshalStrict([]byte(o.Text), &tree); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		all = append(all, any(tree))
	}
	return all, nil
}

// differences collects where objects are not what h in the place of tokens makes of the base's.
type differences struct {
	h      string
	tokens map[string]bool
	found  []string
}

// expected is a string of the base as it should come out.
func (d *differences) expected(s string) string {
	return regexp.MustCompile(`t\d+t|`+releaseToken+`|`+namespaceToken).ReplaceAllStringFunc(s, func(token string) string {
		if d.tokens[token] {
			return d.h
		}
		return token
	})
}

func (d *differences) compare(was, is any, path string) {
	add := func(what string, args ...any) { d.found = append(d.found, path+": "+fmt.Sprintf(what, args...)) }
	switch was := was.(type) {
	case map[string]any:
		is, same := is.(map[string]any)
		if !same {
			add("is %.60v, was an object", is)
			return
		}
		there := map[string]bool{}
		for key, value := range was {
			key = d.expected(key)
			there[key] = true
			if now, has := is[key]; has {
				d.compare(value, now, path+"."+key)
			} else {
				add("has lost %.60q", key)
			}
		}
		for key, value := range is {
			if !there[key] {
				add("has got %.60q: %.60v", key, value)
			}
		}
	case []any:
		is, same := is.([]any)
		if !same || len(is) != len(was) {
			add("is %.60v, was a list of %d", is, len(was))
			return
		}
		if strings.HasSuffix(path, ".subjects") {
			was, is = d.ordered(was), slices.SortedFunc(slices.Values(is), byText)
		}
		for i := range was {
			d.compare(was[i], is[i], fmt.Sprintf("%s[%d]", path, i))
		}
	case string:
		d.compareText(was, is, path, add)
	default:
		if was != is {
			add("is %.60v, was %v", is, was)
		}
	}
}

var (
	checksum = regexp.MustCompile(`\.checksum/[a-z]+$`)
	hashed   = regexp.MustCompile(`-[0-9a-f]{8}$`)
	word     = regexp.MustCompile(`^[-\w./]+$`)
)

func (d *differences) compareText(was string, now any, path string, add func(string, ...any)) {
	is, same := now.(string)
	want := d.expected(was)
	switch {
	case !same:
		add("is %.60v (%T), was the string %.60q", now, now, was)
	case checksum.MatchString(path):
	case strings.HasSuffix(path, "bootstrap/job.yaml.metadata.name"):
		if hashed.ReplaceAllString(is, "") != hashed.ReplaceAllString(want, "") {
			add("is %.60q, want %.60q", is, want)
		}
	case was == want || !strings.Contains(was, "\n"):
		if is != want {
			add("is %.60q, want %.60q", is, want)
		}
	case strings.HasSuffix(path, ".streamConfig") || strings.HasSuffix(path, ".yaml"):
		d.compareYAML(was, is, path, add)
	case !word.MatchString(d.h):
		add("is configuration or a script, and has got more than a word")
	case is != want:
		add("is another text:\n%s", is)
	}
}

// compareYAML compares texts that are YAML themselves.
func (d *differences) compareYAML(was, is, path string, add func(string, ...any)) {
	var a, b any
	if err := yaml.UnmarshalStrict([]byte(was), &a); err != nil {
		add("is no YAML in the base: %v", err)
	} else if err := yaml.UnmarshalStrict([]byte(is), &b); err != nil {
		add("is no YAML: %v", err)
	} else {
		d.compare(a, b, path)
	}
}

// ordered are the items of the base in the order that h gives them.
func (d *differences) ordered(items []any) []any {
	return slices.SortedFunc(slices.Values(items), func(a, b any) int {
		return byText(put(a, "", d.tokens, nil, d.h), put(b, "", d.tokens, nil, d.h))
	})
}

func byText(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

// copied is a deep copy of values.
func copied(t testing.TB, values map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	var again map[string]any
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}
