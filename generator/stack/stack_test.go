package stack

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-ha/holdfast/stacks"
	"go.yaml.in/yaml/v3"
)

// good is a stack that loads; the cases below change one line of it.
const good = `name: shop
version: 1.2.3
appVersion: "7"
description: A shop.
components:
  - name: front
    description: the pages
    replication: stateless
    image: {registry: docker.io, repository: shop/front, tag: "7"}
    ports:
      - {name: http, port: 8080, service: true, from: [anyone]}
      - {name: metrics, port: 9090, from: [ledger, {podSelector: {}}]}
    ingress: http
    autoscaling: {maxReplicas: 5, targetCPUUtilization: 70}
    drain: {sleepSeconds: 5, seconds: 10}
    config:
      path: /etc/front
      files: {front.conf: "a = 1"}
  - name: ledger
    description: the books
    replication: quorum
    image: {registry: docker.io, repository: shop/ledger, tag: "7"}
    probes: {startup: {tcpSocket: {port: 1}}, ready: {tcpSocket: {port: 1}}, alive: {tcpSocket: {port: 1}}}
    storage: {size: 10Gi, path: /data}
  - name: clerk
    description: the clerks, run by an operator
    replication: standby
    managed: true
    election: leases
`

func TestParse(t *testing.T) {
	s, err := Parse("shop.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Components {
		got = append(got, c.Name+" "+c.Workload())
	}
	if want := []string{"front Deployment", "ledger StatefulSet", "clerk custom resource"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s.Own != nil {
		t.Error("a stack from text has a folder")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"a misspelt key", "version: 1.2.3", "vresion: 1.2.3", "shop.yaml:2: unknown key vresion"},
		{"a misspelt key of a component", "replication: quorum", "replicaton: quorum", "shop.yaml:21: unknown key replicaton"},
		{"a misspelt key further down", "targetCPUUtilization", "targetCPU", "shop.yaml:14: unknown key targetCPU"},
		{"a key twice", "    ingress: http", "    ingress: http\n    ingress: http", `shop.yaml:14: mapping key "ingress" already defined at line 13`},
		{"a capital in the name", "name: shop", "name: Shop", `shop.yaml:1: name: "Shop" is not a chart name: use at most 32 lower-case letters, digits and dashes`},
		{"a long name", "name: shop", "name: " + strings.Repeat("s", 33), "is not a chart name: use at most 32 lower-case letters, digits and dashes"},
		{"no version", "version: 1.2.3\n", "", `shop.yaml:1: version: "" is not a semantic version (1.2.3)`},
		{"a short version", "version: 1.2.3", "version: \"1.2\"", `shop.yaml:2: version: "1.2" is not a semantic version (1.2.3)`},
		{"no description", "description: A shop.\n", "", "shop.yaml:1: description: must be set"},
		{"no components", good[strings.Index(good, "components:"):], "", "shop.yaml:1: components: at least one is required"},
		{"a dash in a component's name", "name: front", "name: front-end", `shop.yaml:6: components[0] "front-end": name: use at most 21 letters and digits, a lower-case letter first`},
		{"a long name of a component", "name: front", "name: " + strings.Repeat("f", 22), "name: use at most 21 letters and digits, a lower-case letter first"},
		{"a name that leaves no room for a release", "name: ledger", "name: aBCDEFGHIJKLMNOPQRSTU", `"aBCDEFGHIJKLMNOPQRSTU": name: is a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u in names of objects, which leaves 0 of 63 characters to the release: use at least 17 fewer letters, of which capitals count twice`},
		{"a version of the system that is no label", `appVersion: "7"`, `appVersion: "7+1"`, `shop.yaml:3: appVersion: "7+1" is the value of a label: use at most 63 letters, digits, dots, dashes and underscores`},
		{"a long version", "version: 1.2.3", "version: 1.2.3-" + strings.Repeat("r", 60), "is the value of a label and has 71 characters: shorten it to 63"},
		{"a reserved name", "name: front", "name: overrides", `shop.yaml:6: components[0] "overrides": name: is reserved for a value of every chart (profile, global, imageRegistry, imagePullSecrets, commonLabels, commonAnnotations, priorityClassName, nameOverride, fullnameOverride, networkPolicy, monitoring, overrides, extraObjects)`},
		{"one name twice", "name: clerk", "name: ledger", `shop.yaml:25: components[2] "ledger": name: another component has the same name`},
		{"names that differ only in case", "name: clerk", "name: leDger", `shop.yaml:25: components[2] "leDger": name: another component has the same name`},
		{"an unknown model", "replication: quorum", "replication: raft", `shop.yaml:21: components[1] "ledger": replication: "raft" is unknown: use one of [quorum standby stateless single per-node shards needs finite]`},
		{"no model", "    replication: quorum\n", "", `replication: "" is unknown: use one of [quorum standby stateless single per-node shards needs finite]`},
		{"an election of stateless pods", "    ingress: http", "    ingress: http\n    election: leases", `shop.yaml:14: components[0] "front": election: "leases" is only for standby components, and can only be "leases"`},
		{"an unknown election", "election: leases", "election: coin", `shop.yaml:29: components[2] "clerk": election: "coin" is only for standby components, and can only be "leases"`},
		{"an unknown store", "    election: leases", "    election: leases\n    store: tape", `shop.yaml:30: components[2] "clerk": store: "tape" is only for quorum components, and can only be "jetstream"`},
		{"an object of a component", "    election: leases", "    election: leases\n    shows: [ledger]", `shop.yaml:30: components[2] "clerk": shows: [ledger] has a component: name only objects of the stack's own templates`},
		{"no image", "    image: {registry: docker.io, repository: shop/ledger, tag: \"7\"}\n", "", `shop.yaml:19: components[1] "ledger": image: repository and tag must be set`},
		{"no tag", `shop/front, tag: "7"`, "shop/front", "image: repository and tag must be set"},
		{"a quorum without disks", "    storage: {size: 10Gi, path: /data}\n", "", `shop.yaml:19: components[1] "ledger": storage: a quorum needs a disk for each member`},
		{"a quorum without a startup probe", "startup: {tcpSocket: {port: 1}}, ", "", `shop.yaml:23: components[1] "ledger": probes: a quorum needs startup, ready and alive, so that a rolling update waits for each member`},
		{"autoscaling of a quorum", "    storage: {size", "    autoscaling: {maxReplicas: 5, targetCPUUtilization: 70}\n    storage: {size", "autoscaling: is only for stateless components"},
		{"autoscaling with disks", "    ingress: http", "    ingress: http\n    storage: {size: 1Gi, path: /data}", "autoscaling: is only for components without storage"},
		{"a per-node component with storage", "replication: stateless", "replication: per-node\n    storage: {size: 1Gi, path: /data}", "autoscaling: is only for stateless components"},
		{"a drain of negative length", "sleepSeconds: 5", "sleepSeconds: -5", `shop.yaml:15: components[0] "front": drain: seconds must not be negative`},
		{"a size in bytes", "size: 10Gi", "size: 10GB", `shop.yaml:24: components[1] "ledger": storage.size: "10GB" is not a size: use Mi, Gi or Ti, as in 10Gi`},
		{"a claim without a mount path", ", path: /data", "", `shop.yaml:24: components[1] "ledger": storage.path: "" is not an absolute path`},
		{"a port without a name", "name: http, port", "port", "ports[0]: needs a unique name (at most 15 lower-case letters, digits and dashes) and a port from 1 to 65535"},
		{"a port name that the API server refuses", "name: http,", "name: the HTTP port,", "ports[0]: needs a unique name"},
		{"two ports of one name", "name: metrics", "name: http", "ports[1]: needs a unique name"},
		{"port 0", "port: 8080", "port: 0", "ports[0]: needs a unique name"},
		{"port 65536", "port: 8080", "port: 65536", "ports[0]: needs a unique name"},
		{"an unknown client", "from: [anyone]", "from: [everyone]", `shop.yaml:11: components[0] "front": ports[0].from[0]: "everyone" is neither a component of this stack nor anyone`},
		{"an ingress to an unknown port", "ingress: http", "ingress: https", `shop.yaml:13: components[0] "front": ingress: the component has no port "https"`},
		{"files without a mount path", "      path: /etc/front\n", "", `shop.yaml:16: components[0] "front": config.path: must be set`},
		{"a file with a slash", "front.conf:", "a/b.conf:", `shop.yaml:18: components[0] "front": config.files: "a/b.conf" is not a file name`},
		{"text for a number", "maxReplicas: 5", "maxReplicas: five", `shop.yaml:14: components[0].autoscaling.maxReplicas: is "five": want a whole number`},
		{"two faults", "version: 1.2.3\nappVersion: \"7\"\ndescription: A shop.\n", "version: 1\nappVersion: \"7\"\n", "shop.yaml:1: description: must be set\nshop.yaml:2: version: \"1\" is not a semantic version (1.2.3)"},
		{"an unknown protocol", "port: 8080", "port: 8080, protocol: tcp", `shop.yaml:11: components[0] "front": ports[0].protocol: "tcp" is unknown: use TCP (the default), UDP or SCTP`},
		{"a Service that nobody may reach", "from: [anyone]", "from: []", `shop.yaml:11: components[0] "front": ports[0]: is in the Service, but the network policy admits nobody: set from, to names of components or to [anyone]`},
		{"an ingress to a port outside of the Service", "ingress: http", "ingress: metrics", `shop.yaml:13: components[0] "front": ingress: port "metrics" is not in the Service: set service: true for it`},
		{"an ingress to a UDP port", "port: 8080", "port: 8080, protocol: UDP", `shop.yaml:13: components[0] "front": ingress: port "http" is UDP, and HTTP needs TCP`},
		{"a sleep beside a command", "sleepSeconds: 5", "sleepSeconds: 5, command: [stop]", `shop.yaml:15: components[0] "front": drain.sleepSeconds: has no effect beside command, because a container has one preStop hook: let the command sleep`},
		{"an image of a managed component", "    managed: true", "    managed: true\n    image: {repository: a, tag: b}", `shop.yaml:29: components[2] "clerk": image: has no effect on a managed component: write it into the custom resource, in the stack's own templates`},
		{"an unknown field of a peer", "{podSelector: {}}", "{podSelektor: {}}", `shop.yaml:12: components[0] "front": ports[1].from[1].podSelektor: Kubernetes has no such field: did you mean podSelector? see kubectl explain`},
		{"a probe of an unknown port", "ready: {tcpSocket: {port: 1}}", "ready: {tcpSocket: {port: sql}}", `shop.yaml:23: components[1] "ledger": probes.ready.tcpSocket.port: the component has no port "sql"`},
		{"an unknown action of a probe", "alive: {tcpSocket", "alive: {tcpSokket", `shop.yaml:23: components[1] "ledger": probes.alive.tcpSokket: Kubernetes has no such field: did you mean tcpSocket? see kubectl explain`},
		{"a second stack in the file", "    election: leases\n", "    election: leases\n---\nname: other\n", "shop.yaml: has more than one YAML document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the stack", c.old)
			}
			_, err := Parse("shop.yaml", []byte(text))
			if err == nil {
				t.Fatal("not refused")
			}
			if !strings.HasPrefix(err.Error(), "shop.yaml:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestPerNodeHasNoClaims(t *testing.T) {
	text := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n  - {name: agent, replication: per-node, image: {repository: a, tag: b}, storage: {size: 1Gi, path: /data}}\n"
	_, err := Parse("a.yaml", []byte(text))
	if want := `a.yaml:5: components[0] "agent": storage: a DaemonSet has no volume claims: mount a disk of the node as hostPath in pod.volumes`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAliases(t *testing.T) {
	head := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n"
	s, err := Parse("a.yaml", []byte(head+"  - {name: a, replication: single, image: {repository: a, tag: b}, pod: {securityContext: &s {fsGroup: 1}}}\n  - {name: b, replication: single, image: {repository: a, tag: b}, pod: {securityContext: *s}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Components {
		text, err := yaml.Marshal(&c.Pod)
		if err != nil || string(text) != "{securityContext: {fsGroup: 1}}\n" {
			t.Errorf("%s: %s (%v)", c.Name, text, err)
		}
	}
	for name, text := range map[string]string{
		"itself":       "  - {name: a, replication: stateless, managed: true, rules: &r [*r]}\n",
		"by its parts": "  - {name: a, replication: stateless, managed: true, rules: [&a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a], &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b], [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]]}\n",
	} {
		_, err := Parse("a.yaml", []byte(head+text))
		if want := `a.yaml:5: components[0] "a": more than 10000 values with its aliases: does an alias contain itself?`; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestLoadReadsTheFolder(t *testing.T) {
	files := fstest.MapFS{
		"shop.yaml":               {Data: []byte(good)},
		"shop/templates/job.yaml": {Data: []byte("kind: Job")},
		"bare.yaml":               {Data: []byte(strings.Replace(good, "name: shop", "name: bare", 1))},
	}
	s, err := Load(files, "shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(s.Own, "templates/job.yaml"); err != nil || string(text) != "kind: Job" {
		t.Errorf("the folder has %q, %v", text, err)
	}
	if s, err = Load(files, "bare.yaml"); err != nil || s.Own != nil {
		t.Errorf("a stack without a folder got one: %v, %v", s.Own, err)
	}
	if _, err := Load(files, "none.yaml"); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestShippedStacks(t *testing.T) {
	files, err := fs.Glob(stacks.FS, "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		s, err := Load(stacks.FS, file)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if s.Name+".yaml" != file {
			t.Errorf("%s has the stack %q", file, s.Name)
		}
		for _, c := range s.Components {
			if c.Description == "" {
				t.Errorf("%s: %s has no description", file, c.Name)
			}
		}
	}
}

// FuzzParse: every text is refused with the name of the file, or gives components with valid names and models.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	files, err := fs.Glob(stacks.FS, "*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(stacks.FS, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	head := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n"
	for _, text := range []string{
		"", "{", "components: [null]\n",
		head + "  - null\n",
		head + "  - &c {name: a, replication: single, image: {repository: a, tag: b}}\n  - {<<: *c, name: b}\n",
		head + "  - {name: a, replication: per-node, image: {repository: a, tag: b}, ports: [{name: p, port: 1, from: [null, [], {a: b}, a]}]}\n",
		head + "  - {name: a, replication: stateless, managed: true, rules: &r [*r]}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("shop.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "shop.yaml:") {
				t.Fatalf("no file in %q", err)
			}
			return
		}
		names := map[string]bool{}
		for _, c := range s.Components {
			if key := strings.ToLower(c.Name); names[key] || !componentName.MatchString(c.Name) || slices.Contains(reservedNames, c.Name) {
				t.Fatalf("accepted the name %q", c.Name)
			} else {
				names[key] = true
			}
			if !slices.Contains(Replications, c.Replication) || c.Replication == Quorum && !c.Managed && (c.Storage == nil || !c.Probes.complete()) {
				t.Fatalf("accepted %+v", c)
			}
		}
		if len(names) == 0 || !chartName.MatchString(s.Name) {
			t.Fatalf("accepted %+v", s)
		}
	})
}

func TestConfigFolder(t *testing.T) {
	inFolder := strings.Replace(good, `files: {front.conf: "a = 1"}`, "folder: config", 1)
	for _, c := range []struct {
		name, stack string
		files       fstest.MapFS
		want, err   string
	}{
		{"a file", inFolder, fstest.MapFS{"shop/config/front.conf": {Data: []byte("b = 2")}}, "b = 2", ""},
		{"no folder of the stack", inFolder, nil, "", `shop.yaml:6: components[0] "front": config.folder: the stack has no folder of its own, so "config" is missing`},
		{"no such folder", inFolder, fstest.MapFS{"shop/other": {}}, "", `shop.yaml:6: components[0] "front": config.folder: open config: file does not exist`},
		{"a bad file name", inFolder, fstest.MapFS{"shop/config/a b": {}}, "", `shop.yaml:6: components[0] "front": config.folder: "a b" is not a file name`},
		{"the same file twice", strings.Replace(good, `files: {front.conf: "a = 1"}`, "folder: config\n      files: {front.conf: x}", 1),
			fstest.MapFS{"shop/config/front.conf": {}}, "", `shop.yaml:6: components[0] "front": config.files: front.conf is also in folder config: remove one`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{"shop.yaml": {Data: []byte(c.stack)}}
			for name, file := range c.files {
				fsys[name] = file
			}
			s, err := Load(fsys, "shop.yaml")
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Components[0].Config.Files["front.conf"]; got != c.want {
				t.Errorf("front.conf is %q, want %q", got, c.want)
			}
		})
	}
}

// TestParseRefusesFields adds copied fields of Kubernetes to a component, in flow style and in block style.
func TestParseRefusesFields(t *testing.T) {
	for _, c := range []struct{ name, fields, want string }{
		{"an unknown field of the container", "container: {envForm: []}", `container.envForm: Kubernetes has no such field: did you mean envFrom? see kubectl explain`},
		{"an unknown field of the pod", "pod:\n      hostNet: true", `pod.hostNet: Kubernetes has no such field`},
		{"an unknown field further down", "pod: {securityContext: {runAsRoot: false}}", `pod.securityContext.runAsRoot: Kubernetes has no such field: did you mean runAsNonRoot? see kubectl explain`},
		{"a list for a map", "container: [sh]", `container: is a list: want a map`},
		{"text for a number", "pod: {securityContext: {runAsUser: root}}", `pod.securityContext.runAsUser: is "root": want a whole number`},
		{"a quantity that is none", "resources: {limits: {memory: 1 GB}}", `resources.limits.memory: is "1 GB": want a quantity, 4 or 16Gi`},
		{"a second container", "pod: {containers: [{name: b, image: b}]}", `pod.containers: cannot be set here: write the fields of the component's container into container, and further containers into sidecars`},
		{"an image of the container", "container: {image: b}", `container.image: cannot be set here: write it into image of the component`},
		{"a probe of the container", "container: {livenessProbe: {tcpSocket: {port: 1}}}", `container.livenessProbe: cannot be set here: the profile decides its timing: write the handler into probes.alive`},
		{"a merged field", "container: {<<: {lifecycle: {}}}", `container.lifecycle: cannot be set here: it follows from drain: write the command or the sleep into drain`},
		{"rules that are no list", `rules: {apiGroups: [""]}`, `rules: is a map: want a list`},
		{"a rule without verbs", `rules: [{apiGroups: [""], resources: [pods]}]`, `rules[0]: verbs must be set`},
		{"a rule for a resource without a namespace", `rules: [{apiGroups: [""], resources: [pods, nodes], verbs: [list]}]`, `rules: nodes have no namespace, so that a Role does not give access to them: write the rule into clusterRules`},
		{"a volume with the chart's name", "storage: {size: 1Gi, path: /data}\n    pod: {volumes: [{name: data, emptyDir: {}}]}", `pod.volumes: "data" is also the name of a volume of storage: choose another`},
		{"a mount without a volume", "container: {volumeMounts: [{name: tmp, mountPath: /tmp}]}", `container.volumeMounts: no volume has the name "tmp": add it to pod.volumes`},
		{"two mounts at one path", "container: {volumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /a}]}\n    pod: {volumes: [{name: a, emptyDir: {}}]}", `container.volumeMounts: /a is also the mount path of another mount: choose another`},
		{"a variable twice", "container: {env: [{name: A, value: a}, {name: A, value: b}]}", `container.env: A is there twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n  - name: one\n    replication: single\n    image: {repository: a, tag: b}\n    " + c.fields + "\n"
			_, err := Parse("a.yaml", []byte(text))
			if want := `components[0] "one": ` + c.want; err == nil || !strings.HasPrefix(err.Error(), "a.yaml:") || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestParseAcceptsExpressions: a Helm expression may stand for a value of any type.
func TestParseAcceptsExpressions(t *testing.T) {
	text := "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n  - name: one\n    replication: single\n    image: {repository: a, tag: b}\n    ports: [{name: web, port: 80}]\n" +
		"    pod: {hostNetwork: '{{ $c.hostNetwork }}', securityContext: {runAsUser: '{{ $c.user }}'}}\n    container: {args: ['{{ $c.first }}', --b], env: [{name: A, value: 'x{{ 1 }}'}]}\n    probes: {ready: {httpGet: {path: /, port: web}}}\n"
	if _, err := Parse("a.yaml", []byte(text)); err != nil {
		t.Error(err)
	}
}
