package render_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"sigs.k8s.io/yaml"
)

// hostile are strings that a template without quoting would render as YAML, as another type, or as a template.
var hostile = []string{
	"x\ninjected: true", "---\nkind: Evil", "x\n---\napiVersion: v1\nkind: Evil\nmetadata:\n  name: evil", "a\n\nb\n", "a\r\nb",
	"a: b", "x # y", "{{ .Values }}", "*x", "&a b", "- item", "{a: b}", "!!binary x", "%", "@x",
	`"quoted"`, "it's", `C:\new \x41 \`, "yes", "null", "1e3", "012",
	"  spaces  ", "\ttabs\t", "ünïcödé ☂ 日本 😀 \u00a0\u2028\ufeff", strings.Repeat("long ", 180),
}

// everything sets all values of the chart. ANY stands for a string that the user chooses freely.
const everything = `
profile: multi-node
upgrade: {allow: [memberDown]}
eventSources:
  ANY:
    eventBusName: ANY
    template: &template
      metadata: {labels: {ANY: ANY}, annotations: {ANY: ANY}}
      serviceAccountName: ANY
      nodeSelector: {ANY: ANY}
      priorityClassName: ANY
      imagePullSecrets: [{name: ANY}]
      affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: ANY, labelSelector: {matchLabels: {ANY: ANY}}}]}}
      volumes: [{name: ANY, configMap: {name: ANY}}]
      container:
        imagePullPolicy: ANY
        env: [{name: ANY, value: ANY}]
        resources: {requests: {cpu: ANY}}
        volumeMounts: [{name: ANY, mountPath: ANY}]
    webhook:
      ANY: {port: "12000", endpoint: ANY, method: POST, url: ANY, metadata: {ANY: ANY}, filter: {expression: ANY}, authSecret: {name: ANY, key: ANY}}
  pushed:
    eventBusName: ANY # another bus: none of these pods needs the leaf, which has a node selector
    github:
      ANY: {webhook: {port: "12001", endpoint: ANY, method: ANY}, events: [ANY], repositories: [{owner: ANY, names: [ANY]}]}
    service: {clusterIP: ANY, ports: [{name: ANY, port: 12001, protocol: ANY}]}
  clock:
    eventBusName: ANY
    calendar:
      ANY: {schedule: 0 2 * * *, timezone: UTC, exclusionDates: ["EXDATE:20300101T000000Z"], metadata: {ANY: ANY}}
sensors:
  ANY:
    eventBusName: ANY
    loggingFields: {ANY: ANY}
    dependencies:
      - {name: &dependency ANY, eventSourceName: ANY, eventName: ANY, filters: {data: [{path: ANY, type: string, value: [ANY]}], script: ANY}, transform: {jq: ANY}}
    template: *template
    triggers:
      - retryStrategy: {steps: 3, duration: 1s}
        parameters: [{src: {dependencyName: *dependency, dataKey: ANY, dataTemplate: ANY, value: ANY}, dest: ANY}]
        template:
          name: ANY
          conditions: *dependency
          k8s: {operation: create, source: {resource: {apiVersion: ANY, kind: ANY, metadata: {generateName: ANY, labels: {ANY: ANY}}, spec: {ANY: ANY}}}}
        dlqTrigger:
          template: {name: ANY, http: {url: ANY, method: POST, headers: {ANY: ANY}, payload: [{src: {dependencyName: *dependency, value: ANY}, dest: ANY}]}}
  zz: # stays behind whatever the other is called
    eventBusName: ANY
    dependencies: [{name: ANY, eventSourceName: ANY, eventName: ANY}]
    triggers: [{template: {name: ANY, log: {intervalSeconds: 1}}}]
eventBus:
  name: ANY
  buckets: [ANY]
  stream: {replicas: 3, maxBytes: 1000000}
  auth: {existingSecret: ANY}
  tls: {caSecret: ANY, certManager: {enabled: true, issuerRef: {name: ANY, kind: ANY, group: ANY}}}
admissionPolicy: {enabled: true}
bootstrap: &job
  image: {registry: ANY, repository: ANY, tag: ANY}
  resources: {requests: {cpu: ANY, memory: ANY, ANY: ANY}, limits: {memory: ANY}}
uninstall: *job
reloader: *job
exporter: *job
bus: &pods
  image: {registry: ANY, repository: ANY, tag: ANY}
  replicas: 3
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: ANY, whenUnsatisfiable: ANY}]
  podDisruptionBudget: &budget {maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow}
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
  env: [{name: ANY, value: ANY}, {name: ANY, valueFrom: {secretKeyRef: {name: ANY, key: ANY}}}]
  podLabels: {ANY: ANY}
  podAnnotations: {ANY: ANY}
  allowFrom: [{podSelector: {matchLabels: {ANY: ANY}}}, {ipBlock: {cidr: ANY}}]
  serviceAccount: &account {annotations: {ANY: ANY}}
  config: &config {max_connections: 7}
  syncInterval: 30s
  store: &store {filePercent: 80, streamPercent: 60}
  encryption: {existingSecret: ANY, cipher: aes}
leaf:
  image: {registry: ANY, repository: ANY, tag: ANY}
  internalTrafficPolicy: Cluster
  updateStrategy: {type: ANY}
  terminationGracePeriodSeconds: 1
  startupProbe: {periodSeconds: 1}
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
  serviceAccount: *account
  config: *config
nativeBus:
  replicas: 3
  antiAffinity: &antiAffinity [{topologyKey: ANY, hardUpTo: 3}, {topologyKey: ANY, hardUpTo: 0}]
  podDisruptionBudget: *budget
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  podLabels: &labels {ANY: ANY}
  podAnnotations: &annotations {ANY: ANY}
  storage: {className: ANY}
  resources: *resources
  syncInterval: 30s
  store: *store
  version: &version ANY
  versions:
    - {version: ANY, natsImage: ANY, metricsExporterImage: ANY, configReloaderImage: ANY, startCommand: ANY}
    - {version: *version, natsImage: ANY, metricsExporterImage: ANY, configReloaderImage: ANY, startCommand: ANY}
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
  serviceAccount: *account
activeActiveSource:
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  resources: *resources
  podLabels: *labels
  podAnnotations: *annotations
activePassiveSource: &elected
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  election: {by: leases, leaseDuration: ANY, renewDeadline: ANY, retryPeriod: ANY}
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  resources: *resources
  podLabels: *labels
  podAnnotations: *annotations
sensor:
  replicas: 2
  antiAffinity: *antiAffinity
  podDisruptionBudget: *budget
  election: {by: leases, leaseDuration: ANY, renewDeadline: ANY, retryPeriod: ANY}
  nodeSelector: {ANY: ANY}
  priorityClassName: ANY
  tolerations: *tolerations
  resources: *resources
  podLabels: *labels
  podAnnotations: *annotations
  retryStrategy: {duration: 1s}
toolbox: {enabled: true, resources: *resources}
networkPolicy: {metricsFrom: [{namespaceSelector: {matchLabels: {ANY: ANY}}}]}
monitoring: {enabled: true, labels: {ANY: ANY}, dashboardLabels: {ANY: ANY}}
imagePullSecrets: [{name: ANY}]
ingresses:
  pushed: {className: ANY, hosts: [ANY], tlsSecret: ANY, annotations: {ANY: ANY}}
httpRoutes:
  pushed: {parentRefs: [{name: ANY}], hostnames: [ANY]}
serviceAccount: {annotations: {ANY: ANY}}
overrides:
  Service/bus: {metadata: {annotations: {ANY: ANY}}}
  ConfigMap/controller: {data: {ANY: ANY}}
  Deployment/controller: {spec: {template: {spec: {hostname: ANY, ANY: ANY}}}}
extraObjects:
  - {apiVersion: ANY, kind: ANY, metadata: {name: ANY, annotations: {ANY: ANY}, labels: {ANY: ANY}}, data: {ANY: ANY}}
`

// modes are merged into everything, so that each value takes effect in one of them.
var modes = map[string]string{
	"managed":   `{}`,
	"migrating": `{migration: {from: single-node, id: ANY, servers: 1}, eventBus: {tls: {existingSecret: ANY, certManager: {enabled: false}}}}`,
	"native": `
eventBus: {mode: native}
imageRegistry: ANY
nameOverride: ANY
commonLabels: {ANY: ANY}
commonAnnotations: {ANY: ANY}
priorityClassName: ANY
bootstrap: {image: {digest: ANY}}
controller: {image: {digest: ANY}, priorityClassName: "", clusterWide: true}
`,
	"external": `
eventBus:
  mode: external
  external:
    url: ANY
    accessSecret: {name: ANY, key: ANY}
    tls: {caCertSecret: {name: ANY, key: ANY}, clientCertSecret: {name: ANY, key: ANY}, clientKeySecret: {name: ANY, key: ANY}}
  stream: {maxBytes: 1000}
`,
	"kafka": `
eventBus:
  mode: kafka
  kafka:
    {url: ANY, topic: ANY, version: ANY, partitioner: ANY, consumerGroup: {groupName: ANY, rebalanceStrategy: ANY},
     sasl: {mechanism: ANY, userSecret: {name: ANY, key: ANY}, passwordSecret: {name: ANY, key: ANY}}, tls: {caCertSecret: {name: ANY, key: ANY}}}
fullnameOverride: ANY
toolbox: {enabled: false}
bus: {image: {digest: ANY}}
leaf: {image: {digest: ANY}}
uninstall: {image: {digest: ANY}}
reloader: {image: {digest: ANY}}
exporter: {image: {digest: ANY}}
`,
}

// TestInjection puts each hostile string in place of each string of the values: it is refused with its key, or it is
// rendered verbatim in the place of the original string, and nothing else changes. One rendering tests all positions,
// because each has a unique token in the base that marks its places in the objects. If a violation cannot be attributed,
// bisection finds its position.
func TestInjection(t *testing.T) {
	for mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			b := newBase(t, mode)
			for i, h := range hostile {
				// The modes differ in a few objects only: the other modes test every fifth string.
				if mode != "managed" && i%5 != 0 {
					continue
				}
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

// TestEveryValueIsSet: each value is set in some mode; an empty one would not be tested.
func TestEveryValueIsSet(t *testing.T) {
	count := map[string]int{}
	for mode := range modes {
		for _, path := range empty(newBase(t, mode).values, "") {
			count[path]++
		}
	}
	for path, n := range count {
		if n == len(modes) {
			t.Errorf("%s is empty in every mode: set it in everything or in modes", path)
		}
	}
}

// TestEveryValueHasAnEffect: each value is rendered in some mode.
func TestEveryValueHasAnEffect(t *testing.T) {
	paths, out := map[string]string{}, map[string]bool{}
	for mode := range modes {
		b := newBase(t, mode)
		for _, p := range b.positions {
			if p.token != "" {
				paths[p.path] = p.token
			}
		}
		for _, o := range b.objects {
			for path, token := range paths {
				out[path] = out[path] || strings.Contains(o.Text, token)
			}
		}
	}
	for path := range paths {
		switch {
		case out[path]:
		case strings.HasPrefix(path, "uninstall."): // rendered only if Helm reads a cluster
		case path == "bus.image.digest", path == "leaf.image.digest", path == "reloader.image.digest", path == "exporter.image.digest": // mode managed renders the tags
		default:
			t.Errorf("%s has no effect", path)
		}
	}
}

// base is a set of values with a token for each free string, and the rendered objects.
type base struct {
	values    map[string]any
	positions []position
	objects   []manifest.Object
}

// position is a string in the values.
type position struct {
	// path is the key of the string in refusals of the chart, pointer its key in refusals of the schema.
	path, pointer string
	// token is its unique string in the base; empty if the chart accepts only some values, so that it must refuse hostile ones.
	token string
	key   bool
}

// The names of the release and its namespace in the base.
const releaseToken, namespaceToken = "t1release", "t1namespace"

func newBase(t *testing.T, mode string) *base {
	t.Helper()
	c := must(flagship())
	next := 1000
	free := func(text string) map[string]any {
		return decoded(t, regexp.MustCompile(`\bANY\b`).ReplaceAllStringFunc(text, func(string) string {
			next++
			return fmt.Sprintf("t%dt", next)
		}))
	}
	b := &base{values: over(over(copied(t, c.Values), free(everything)), free(modes[mode]))}
	b.positions = []position{{path: "the release's name", token: releaseToken}, {path: "the namespace", token: namespaceToken}}
	b.find(b.values, "", "")
	objects, err := render.Render(c, render.Options{Release: releaseToken, Namespace: namespaceToken, Values: b.values})
	if err != nil {
		t.Fatalf("the base is refused: %v", err)
	}
	b.objects = objects
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

// empty lists the empty leaves of tree.
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
func (b *base) render(at []position, h string) ([]manifest.Object, error) {
	tokens, pinned := map[string]bool{}, map[string]bool{}
	for _, p := range at {
		tokens[p.token], pinned[p.path] = p.token != "", p.token == ""
	}
	values := put(b.values, "", tokens, pinned, h).(map[string]any)
	return renderOnce(render.Options{
		Release:   put(releaseToken, "", tokens, pinned, h).(string),
		Namespace: put(namespaceToken, "", tokens, pinned, h).(string),
		Values:    values,
	}, values)
}

// put returns a copy of tree with h in place of the tokens, or at the paths without a token.
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

// try puts h at all positions at once, leaves out those that are refused with their keys, and checks the rendered objects.
// If a violation cannot be attributed to a position, each half is tried separately.
func (b *base) try(t *testing.T, at []position, h string) []string {
	t.Helper()
	if len(at) == 0 {
		return nil
	}
	objects, err := b.render(at, h)
	if err != nil {
		d := newDifferences(at, h)
		rest := slices.DeleteFunc(slices.Clone(at), func(p position) bool { return p.refusedBy(err.Error(), d) })
		switch {
		case len(rest) < len(at):
			return b.try(t, rest, h)
		case len(at) == 1:
			return []string{fmt.Sprintf("%s is refused without its key: %v", at[0].path, err)}
		}
	} else if violations, sure := b.check(at, h, objects); sure || len(at) == 1 {
		return violations
	}
	half := len(at) / 2
	return append(b.try(t, at[:half], h), b.try(t, at[half:], h)...)
}

// refusedBy reports whether an error names the position, by a path with h in place of its keys.
func (p position) refusedBy(err string, d differences) bool {
	switch {
	case p.pointer == "":
		return p.token == releaseToken && strings.HasPrefix(err, "release name ") || p.token == namespaceToken && strings.HasPrefix(err, "namespace ")
	case p.key:
		above := strings.TrimSuffix(d.expected(p.path), d.h)
		return strings.Contains(err, "- at '"+path.Dir(d.expected(p.pointer))+"': additional properties ") || strings.Contains(err, "- "+above+strconv.Quote(d.h)+": ")
	}
	list := itemOf.ReplaceAllString(p.path, "")
	return strings.Contains(err, "- at '"+d.expected(p.pointer)+"': ") || strings.Contains(err, "- "+d.expected(p.path)+": ") || strings.Contains(err, "- "+d.expected(list)+": ")
}

// itemOf matches the index of an item: a refusal may name its list.
var itemOf = regexp.MustCompile(`\[\d+\]$`)

// check compares rendered objects with the objects of the base, with h in place of the tokens. sure reports whether each
// violation is attributed to one position.
func (b *base) check(at []position, h string, objects []manifest.Object) (violations []string, sure bool) {
	d := newDifferences(at, h)
	for _, p := range at {
		if p.token == "" {
			d.found = append(d.found, difference{p.path, "is accepted: restrict it in the schema, or set it to ANY in everything"})
		}
	}
	was, err := trees(b.objects, d.expected)
	if err != nil {
		return []string{fmt.Sprintf("the base is not YAML: %v", err)}, true
	}
	is, err := trees(objects, func(s string) string { return s })
	got, want := slices.Sorted(maps.Keys(is)), slices.Sorted(maps.Keys(was))
	switch {
	case err != nil:
		d.add(nil, "%v", err)
	case !slices.Equal(got, want):
		d.add(nil, "objects are %q, want %q", got, want)
	default:
		for _, name := range want {
			d.compare(was[name], is[name], name)
		}
	}
	sure = true
	for _, f := range d.found {
		sure = sure && f.blame != "" && !strings.Contains(f.blame, ", ")
		if len(at) == 1 {
			f.blame = at[0].path
		}
		violations = append(violations, fmt.Sprintf("%s = %.40q: %s", f.blame, h, f.what))
	}
	return violations, sure
}

// trees decodes objects strictly, by their template, kind and name; expected converts kind and name.
func trees(objects []manifest.Object, expected func(string) string) (map[string]any, error) {
	all := map[string]any{}
	for _, o := range objects {
		var tree struct {
			Kind     string
			Metadata struct{ Name string }
		}
		var whole map[string]any
		if err := yaml.UnmarshalStrict([]byte(o.Text), &whole); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		if err := yaml.Unmarshal([]byte(o.Text), &tree); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		name := hashed.ReplaceAllString(expected(tree.Metadata.Name), "")
		all[fmt.Sprintf("%s: %s/%s", o.Source, expected(tree.Kind), name)] = whole
	}
	return all, nil
}

// differences collects the differences from the objects of the base with h in place of the tokens.
type differences struct {
	h      string
	at     []position
	tokens map[string]bool
	found  []difference
}

// difference is a violation, with the positions that cause it, if known.
type difference struct{ blame, what string }

func newDifferences(at []position, h string) differences {
	d := differences{h: h, at: at, tokens: map[string]bool{}}
	for _, p := range at {
		d.tokens[p.token] = p.token != ""
	}
	return d
}

// add records a violation, with the positions whose tokens are in was.
func (d *differences) add(was any, what string, args ...any) {
	var blame []string
	text := fmt.Sprint(was)
	for _, p := range d.at {
		if p.token != "" && strings.Contains(text, p.token) {
			blame = append(blame, p.path)
		}
	}
	d.found = append(d.found, difference{strings.Join(blame, ", "), fmt.Sprintf(what, args...)})
}

var anyToken = regexp.MustCompile(`t\d+t|` + releaseToken + `|` + namespaceToken)

// expected returns a string of the base as it must be rendered.
func (d *differences) expected(s string) string {
	return anyToken.ReplaceAllStringFunc(s, func(token string) string {
		if d.tokens[token] {
			return d.h
		}
		return token
	})
}

func (d *differences) compare(was, is any, path string) {
	switch was := was.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			d.add(was, "%s: is %.60v, was an object", path, is)
			return
		}
		expected := map[string]bool{}
		for key, value := range was {
			now := d.expected(key)
			expected[now] = true
			if below, ok := is[now]; ok {
				d.compare(value, below, path+"."+now)
			} else {
				d.add(key, "%s: lacks %.60q", path, now)
			}
		}
		for key, value := range is {
			if !expected[key] {
				d.add(nil, "%s: has the unexpected key %.60q: %.60v", path, key, value)
			}
		}
	case []any:
		is, ok := is.([]any)
		if !ok || len(is) != len(was) {
			d.add(was, "%s: is %.60v, was a list of %d", path, is, len(was))
			return
		}
		if strings.HasSuffix(path, ".subjects") { // in the order of their names
			was, is = sorted(was, d.expected), sorted(is, func(s string) string { return s })
		}
		for i := range was {
			d.compare(was[i], is[i], fmt.Sprintf("%s[%d]", path, i))
		}
	case string:
		d.compareText(was, is, path)
	default:
		if was != is {
			d.add(was, "%s: is %.60v, was %v", path, is, was)
		}
	}
}

var (
	checksum = regexp.MustCompile(`\.checksum/[a-z]+$`)
	hashed   = regexp.MustCompile(`-[0-9a-f]{8}$`)
	word     = regexp.MustCompile(`^[-\w./]+$`)
)

func (d *differences) compareText(was string, now any, path string) {
	is, ok := now.(string)
	want := d.expected(was)
	if hashed.MatchString(was) && strings.HasSuffix(path, ".metadata.name") {
		is, want = hashed.ReplaceAllString(is, ""), hashed.ReplaceAllString(want, "")
	}
	switch {
	case !ok:
		d.add(was, "%s: is %.60v (%T), was the string %.60q", path, now, now, was)
	case checksum.MatchString(path):
	case was == want || !strings.Contains(was, "\n"):
		if is != want {
			d.add(was, "%s: is %.60q, want %.60q", path, is, want)
		}
	case strings.HasSuffix(path, ".streamConfig") || strings.HasSuffix(path, ".yaml"):
		d.compareYAML(was, is, path)
	case !word.MatchString(d.h):
		d.add(was, "%s: is configuration or a script, and contains a string that is not a single word", path)
	case is != want:
		d.add(was, "%s: differs from the base:\n%s", path, is)
	}
}

// compareYAML compares texts that contain YAML.
func (d *differences) compareYAML(was, is, path string) {
	var a, b any
	if err := yaml.UnmarshalStrict([]byte(was), &a); err != nil {
		d.add(was, "%s: is not YAML in the base: %v", path, err)
	} else if err := yaml.UnmarshalStrict([]byte(is), &b); err != nil {
		d.add(was, "%s: is not YAML: %v", path, err)
	} else {
		d.compare(a, b, path)
	}
}

// sorted returns items in the order of their expected texts.
func sorted(items []any, expected func(string) string) []any {
	return slices.SortedFunc(slices.Values(items), func(a, b any) int {
		return strings.Compare(expected(fmt.Sprint(a)), expected(fmt.Sprint(b)))
	})
}

// copied returns a deep copy of values.
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

// TestKeysOfUserAndTemplate: a key that both the user and the template set must not appear twice in an object.
func TestKeysOfUserAndTemplate(t *testing.T) {
	for name, values := range map[string]string{
		"a selector's label of the bus":         `{bus: {podLabels: {app.kubernetes.io/component: mine}}}`,
		"a selector's label of the controller":  `{controller: {podLabels: {app.kubernetes.io/name: mine}}}`,
		"the checksum":                          `{bus: {podAnnotations: {checksum/config: mine}}}`,
		"the default container":                 `{controller: {podAnnotations: {kubectl.kubernetes.io/default-container: mine}}}`,
		"a probe's handler":                     `{bus: {livenessProbe: {httpGet: {path: /, port: 1}}}}`,
		"another handler of a probe":            `{controller: {readinessProbe: {exec: {command: [a]}}}}`,
		"the selector of a constraint":          `{profile: multi-node, bus: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}]}}`,
		"an empty constraint":                   `{profile: multi-node, bus: {topologySpreadConstraints: [{}]}}`,
		"the selector of the bus' budget":       `{profile: multi-node, bus: {podDisruptionBudget: {selector: {matchLabels: {a: b}}}}}`,
		"the selector of the sensors' budgets":  `{profile: multi-node, sensor: {podDisruptionBudget: {selector: {matchLabels: {a: b}}}}}`,
		"the selector of the sources' budgets":  `{profile: multi-node, activeActiveSource: {podDisruptionBudget: {selector: {matchLabels: {a: b}}}}}`,
		"a variable of the container":           `{bus: {env: [{name: POD_NAME, value: mine}]}}`,
		"labels of a sensor's pods":             `{sensors: {processor: {template: {metadata: {labels: {app.kubernetes.io/name: mine}}}}}}`,
		"a variable of a sensor's election":     `{profile: multi-node, sensors: {processor: {template: {container: {env: [{name: LEADER_ELECTION_RETRY_PERIOD, value: 3s}]}}}}}`,
		"a Service of an event source's own":    `{eventSources: {orders: {service: {ports: [{port: 12000}]}}}}`,
		"the name of a generated object":        `{extraObjects: [{apiVersion: v1, kind: Service, metadata: {name: events-argo-events-bus}}]}`,
		"the name of an object in an override":  `{overrides: {Service/bus: {metadata: {name: mine}}}}`,
		"an override that empties an object":    `{overrides: {Service/bus: {apiVersion: null, kind: null, metadata: null}}}`,
		"a null in the middle of an override":   `{overrides: {StatefulSet/bus: {spec: {template: null}}}}`,
		"a word for an object in an override":   `{overrides: {StatefulSet/bus: {spec: words}}}`,
		"a label of an object, by its override": `{overrides: {Service/bus: {metadata: {labels: {app.kubernetes.io/name: mine}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, err := rendered(t, values, "")
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			if _, err := trees(objects, func(s string) string { return s }); err != nil {
				t.Error(err)
			}
			if _, err := manifest.Files(objects); err != nil {
				t.Logf("refused when written to files: %v", err)
			}
			for _, o := range objects {
				for _, wrong := range contradictions(o) {
					t.Errorf("%s: %s", o.Source, wrong)
				}
			}
		})
	}
}

// contradictions returns the reasons for which the API server refuses a workload that is valid YAML.
func contradictions(o manifest.Object) []string {
	var set struct {
		Kind string
		Spec struct {
			Selector struct{ MatchLabels map[string]string }
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct {
					Containers []struct {
						Env                                         []struct{ Name string }
						StartupProbe, ReadinessProbe, LivenessProbe map[string]any
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(o.Text), &set); err != nil || set.Kind != "StatefulSet" && set.Kind != "Deployment" {
		return nil
	}
	var wrong []string
	pod := set.Spec.Template
	for key, value := range set.Spec.Selector.MatchLabels {
		if pod.Metadata.Labels != nil && pod.Metadata.Labels[key] != value {
			wrong = append(wrong, fmt.Sprintf("selects %s=%s, and its pods have %q", key, value, pod.Metadata.Labels[key]))
		}
	}
	for _, c := range pod.Spec.Containers {
		names := map[string]bool{}
		for _, e := range c.Env {
			if names[e.Name] {
				wrong = append(wrong, fmt.Sprintf("has the variable %s twice, which a server-side apply refuses", e.Name))
			}
			names[e.Name] = true
		}
		for _, probe := range []map[string]any{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			handlers := 0
			for _, handler := range []string{"httpGet", "tcpSocket", "exec", "grpc"} {
				if probe[handler] != nil {
					handlers++
				}
			}
			if handlers > 1 {
				wrong = append(wrong, fmt.Sprintf("has a probe with %d handlers", handlers))
			}
		}
	}
	return wrong
}
