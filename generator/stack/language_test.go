package stack

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// inComponent is the stack with the keys of one component; the component begins in line 5.
func inComponent(keys string) string {
	return "name: a\nversion: 1.0.0\ndescription: d\ncomponents:\n  - {name: one, image: {repository: a, tag: b}, " + keys + "}\n"
}

// TestLanguageRefuses: one mistake in the keys of a component.
func TestLanguageRefuses(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"a schedule of pods that never end", `replication: stateless, schedule: "@daily"`, `schedule: is only for finite components: the pods of stateless components never end`},
		{"a schedule with six fields", `replication: finite, schedule: "0 0 3 * * *"`, `schedule: "0 0 3 * * *" is not a schedule (expected exactly 5 fields, found 6: [0 0 3 * * *]): use minute, hour, day, month and weekday, as in "30 2 * * *"`},
		{"a minute that does not exist", `replication: finite, schedule: "61 * * * *"`, `schedule: "61 * * * *" is not a schedule (end of range (61) above maximum (59): 61): `},
		{"a time zone in the schedule", `replication: finite, schedule: "TZ=Europe/Berlin 0 3 * * *"`, `schedule: "TZ=Europe/Berlin 0 3 * * *" has a time zone, which the API server refuses: users set the value timeZone of the component`},
		{"a probe of a Job", `replication: finite, probes: {ready: {tcpSocket: {port: 1}}}`, `probes: nothing waits for the pods of a Job, and its containers end by themselves: remove it`},
		{"a Service of a Job", `replication: finite, ports: [{name: a, port: 1, service: true, from: [anyone]}]`, `ports[0].service: the pods of a Job serve nobody: remove it`},
		{"claims of a Job", `replication: finite, storage: {size: 1Gi, path: /data}`, `storage: a Job has no volume claims: mount an existing claim, or an ephemeral volume, in pod.volumes`},
		{"an exporter of a Job", `replication: finite, exporter: true`, `exporter: its sidecar would not end, and the Job would not either: remove it`},
		{"an autoscaler of a Job", `replication: finite, autoscaling: {maxReplicas: 3}`, `autoscaling: is only for stateless components`},
		{"a managed Job", `replication: finite, managed: true`, `managed: no decision about a finite component of a controller is made: write its custom resource into the stack's own templates`},
		{"a restart policy of a Job", `replication: finite, pod: {restartPolicy: OnFailure}`, `pod.restartPolicy: cannot be set here: it follows from replication: remove it`},
		{"an init container of the pod", `replication: single, pod: {initContainers: [{name: a, image: b}]}`, `pod.initContainers: cannot be set here: write them into initContainers or sidecars of the component, so that their images follow the value imageRegistry`},
		{"init containers in two places", `replication: single, sidecars: [{name: b}], pod: {initContainers: '{{ 1 }}'}`, `pod.initContainers: cannot be set beside initContainers and sidecars: write all of them there`},
		{"a sidecar with the component's name", `replication: single, sidecars: [{name: oNe}]`, `sidecars[0].name: "oNe" is the name of another container of the component`},
		{"a name with a dash", `replication: single, initContainers: [{name: a-b}]`, `initContainers[0].name: use at most 21 letters and digits, a lower-case letter first`},
		{"a sidecar's image without a tag", `replication: single, sidecars: [{name: b, image: {repository: c}}]`, `sidecars[0].image: repository and tag must be set; without image, it is that of the component`},
		{"an unknown field of a sidecar", `replication: single, sidecars: [{name: b, container: {commands: [a]}}]`, `sidecars[0].container.commands: Kubernetes has no such field: did you mean command?`},
		{"an image in a sidecar's container", `replication: single, sidecars: [{name: b, container: {image: a}}]`, `sidecars[0].container.image: cannot be set here: write it into image beside container`},
		{"a sidecar's restart policy", `replication: single, sidecars: [{name: b, container: {restartPolicy: Always}}]`, `sidecars[0].container.restartPolicy: cannot be set here: it follows from sidecars or initContainers: remove it`},
		{"a sidecar's mount without a volume", `replication: single, sidecars: [{name: b, container: {volumeMounts: [{name: tmp, mountPath: /tmp}]}}]`, `sidecars[0].container.volumeMounts: no volume has the name "tmp": add it to pod.volumes`},
		{"a sidecar's probe of an unknown port", `replication: single, sidecars: [{name: b, container: {livenessProbe: {tcpSocket: {port: sql}}}}]`, `sidecars[0].container.livenessProbe.tcpSocket.port: the component has no port "sql"`},
		{"a port of an unknown sidecar", `replication: single, sidecars: [{name: b}], ports: [{name: a, port: 1, sidecar: c}]`, `ports[0].sidecar: the component has no sidecar "c"`},
		{"a rule without verbs for the cluster", `replication: single, clusterRules: [{apiGroups: [""], resources: [nodes]}]`, `clusterRules[0]: verbs must be set`},
		{"a URL in a Role", `replication: single, rules: [{nonResourceURLs: [/metrics], verbs: [get]}]`, `rules: /metrics has no namespace, so that a Role does not give access to it: write the rule into clusterRules`},
		{"an unknown field of a rule for the cluster", `replication: single, clusterRules: [{apiGroup: "", resources: [nodes], verbs: [get]}]`, `clusterRules[0].apiGroup: Kubernetes has no such field: did you mean apiGroups?`},
		{"an unknown access mode", `replication: single, storage: {size: 1Gi, path: /a, accessModes: [RWX]}`, `storage.accessModes: "RWX" is unknown: use one of ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod`},
		{"a size of the second claim", `replication: single, storage: [{size: 1Gi, path: /a}, {name: wal, size: 1GB, path: /b}]`, `storage[1].size: "1GB" is not a size`},
		{"two claims of one name", `replication: single, storage: [{size: 1Gi, path: /a}, {size: 1Gi, path: /b}]`, `storage[1].name: "data" is the name of two claims: choose another`},
		{"two claims at one path", `replication: single, storage: [{size: 1Gi, path: /a}, {name: wal, size: 1Gi, path: /a}]`, `storage: /a is also the mount path of storage.path: choose another`},
		{"a claim with the name of a volume", `replication: single, storage: {name: tmp, size: 1Gi, path: /a}, pod: {volumes: [{name: tmp, emptyDir: {}}]}`, `pod.volumes: "tmp" is also the name of a volume of storage: choose another`},
		{"a claim with the name of the configuration", `replication: single, storage: {name: config, size: 1Gi, path: /a}`, `storage.name: "config" is not a name of a claim`},
		{"a Service without ports", `replication: stateless, service: {type: NodePort}`, `service: has no ports: set service: true for those that belong to it`},
		{"an unknown type", `replication: stateless, service: {type: External}, ports: [{name: a, port: 1, service: true, from: [anyone]}]`, `service.type: "External" is unknown: use one of ClusterIP, NodePort, LoadBalancer`},
		{"a load balancer for pods", `replication: stateless, service: {type: LoadBalancer}, ports: [{name: a, port: 1, service: true, from: [one]}]`, `service.type: LoadBalancer is for clients outside of the cluster, but the network policy admits none: set from of a port to [anyone] or to an ipBlock`},
		{"an external policy of an internal Service", `replication: stateless, service: {externalTrafficPolicy: Local}, ports: [{name: a, port: 1, service: true, from: [one]}]`, `service.externalTrafficPolicy: is only for the types NodePort and LoadBalancer`},
		{"a headless single", `replication: single, service: {headless: true}, ports: [{name: a, port: 1, service: true, from: [one]}]`, `service.headless: has no effect: a StatefulSet has the Service NAME-headless beside this one`},
		{"a headless standby", `replication: standby, service: {headless: true}, ports: [{name: a, port: 1, service: true, from: [one]}]`, `service.headless: is only for stateless components: clients would connect to each pod of a standby component`},
		{"a headless load balancer", `replication: stateless, service: {headless: true, type: LoadBalancer}, ports: [{name: a, port: 1, service: true, from: [anyone]}]`, `service.headless: excludes type and sessionAffinity, because clients choose a pod themselves`},
		{"an unknown server", `replication: stateless, to: [two]`, `to[0]: "two" is neither a component of this stack, a CIDR, nor anyone`},
		{"a host name", `replication: stateless, to: [api.example.com]`, `to[0]: "api.example.com" is not a CIDR, and network policies have no host names: use CIDRs, as in 203.0.113.0/24, or anyone`},
		{"a CIDR with an address of a host", `replication: stateless, to: [203.0.113.7/24]`, `to[0]: "203.0.113.7/24" is not a CIDR`},
		{"a server that admits nobody", `replication: stateless, to: [one]`, `to[0]: no port of one admits one: add it to from of the port, which is enough`},
		{"an unknown field of a server", `replication: stateless, to: [{ipBlok: {}}]`, `to[0].ipBlok: Kubernetes has no such field: did you mean ipBlock?`},
		{"an autoscaler without a target", `replication: stateless, autoscaling: {maxReplicas: 3}`, `autoscaling: has nothing to scale by: set targetCPUUtilization, targetMemoryUtilization or metrics`},
		{"an autoscaler without a bound", `replication: stateless, autoscaling: {targetCPUUtilization: 70}`, `autoscaling.maxReplicas: must be 1 or more`},
		{"a target without a request", `replication: stateless, autoscaling: {maxReplicas: 3, targetMemoryUtilization: 70}, resources: {requests: {cpu: 1m}}`, `autoscaling.targetMemoryUtilization: is in percent of the request, and the container requests none: set resources.requests.memory`},
		{"an unknown field of the behaviour", `replication: stateless, autoscaling: {maxReplicas: 3, targetCPUUtilization: 70, behavior: {scaleDwn: {}}}`, `autoscaling.behavior.scaleDwn: Kubernetes has no such field: did you mean scaleDown?`},
		{"metrics that are no list", `replication: stateless, autoscaling: {maxReplicas: 3, metrics: {type: Pods}}`, `autoscaling.metrics: is a map: want a list`},
		{"a number of stateless pods", `replication: stateless, replicas: 3`, `replicas: follows from replication and the profile: remove it. Users change it by the value of this name`},
		{"no number of shards", `replication: shards`, `replicas: must be from 1 to 99: the number of pods of a shards component is the stack's`},
		{"needs of shards", `replication: shards, replicas: 3, needs: 2`, `needs: is only for needs components`},
		{"needs without a number", `replication: needs, replicas: 3`, `needs: must be set: how many of the replicas must run`},
		{"all are needed", `replication: needs, replicas: 3, needs: 3`, `needs: all of 3 replicas must run: use replication: shards, or more replicas`},
		{"managed shards", `replication: shards, replicas: 3, managed: true`, `managed: no decision about a shards component of a controller is made`},
		{"the configuration of nobody", `replication: stateless, config: {path: /a, of: two}`, `config.of: "two" is no component with files or a folder in config`},
		{"its own configuration and another's", `replication: stateless, config: {path: /a, of: one, files: {a: b}}`, `config.of: excludes files and folder: a component mounts one configuration`},
		{"another's configuration without a path", `replication: stateless, config: {of: one}`, `config.path: must be set`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("a.yaml", []byte(inComponent(c.keys)))
			if want := `a.yaml:5: components[0] "one": `; err == nil || !strings.Contains(err.Error(), want+c.want) {
				t.Errorf("got  %v\nwant %s%s", err, want, c.want)
			}
		})
	}
}

func TestWorkloads(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{`replication: shards, replicas: 4`, "StatefulSet"},
		{`replication: needs, replicas: 4, needs: 3`, "StatefulSet"},
		{`replication: finite`, "Job"},
		{`replication: finite, schedule: "*/5 2 * * mon-fri"`, "CronJob"},
		{`replication: finite, schedule: "@every 1h", ports: [{name: a, port: 1, from: [anyone]}], drain: {sleepSeconds: 5}`, "CronJob"},
	} {
		s, err := Parse("a.yaml", []byte(inComponent(c.keys)))
		if err != nil {
			t.Errorf("%s: %v", c.keys, err)
			continue
		}
		if got := s.Components[0].Workload(); got != c.want {
			t.Errorf("%s: %s, want %s", c.keys, got, c.want)
		}
	}
}

// TestClaims: unknown keys and wrong types are found in one claim and in a list of claims.
func TestClaims(t *testing.T) {
	for keys, want := range map[string]string{
		`storage: {size: 1Gi, path: /a, sise: 2}`:  "a.yaml:5: unknown key sise: did you mean size?",
		`storage: [{size: 1Gi, path: /a, pth: 2}]`: "a.yaml:5: unknown key pth: did you mean path?",
		`storage: [{size: [1], path: /a}]`:         "a.yaml:5: components[0].storage[0].size: is a list: want text",
		`storage: {size: 1Gi, path: {a: b}}`:       "a.yaml:5: components[0].storage.path: is a map: want text",
		`storage: 1Gi`:                             "a.yaml:5: components[0].storage: is \"1Gi\": want a claim, or a list of claims",
	} {
		if _, err := Parse("a.yaml", []byte(inComponent("replication: single, "+keys))); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", keys, err, want)
		}
	}
	s, err := Parse("a.yaml", []byte(inComponent("replication: single, storage: []")))
	if err != nil || s.Components[0].Storage != nil {
		t.Errorf("an empty list of claims: %v, %v", s.Components, err)
	}
}

// TestDefaults: a component's own values take precedence, key by key; a mistake in the defaults has their line.
func TestDefaults(t *testing.T) {
	text := `name: a
version: 1.0.0
description: d
defaults:
  registry: mirror.example
  container: &c {securityContext: {readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}, args: [a]}
  pod: {hostNetwork: no-such}
  drain: {sleepSeconds: 5}
components:
  - {name: one, replication: stateless, image: {repository: a, tag: b}, container: {args: [b], securityContext: {readOnlyRootFilesystem: false}}, sidecars: [{name: two, image: {repository: c, tag: d}}]}
  - {name: job, replication: finite, image: {registry: docker.io, repository: a, tag: b}}
  - {name: run, replication: stateless, managed: true}
`
	if _, err := Parse("a.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), `a.yaml:7: components[0] "one": pod.hostNetwork: is "no-such": want true or false`) {
		t.Errorf("a mistake in the defaults: %v", err)
	}
	s, err := Parse("a.yaml", []byte(strings.Replace(text, "no-such", "true", 1)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(&s.Components[0].Container)
	if want := "{args: [b], securityContext: {readOnlyRootFilesystem: false, capabilities: {drop: [ALL]}}}\n"; err != nil || string(got) != want {
		t.Errorf("container: %s (%v)", got, err)
	}
	one, job := s.Components[0], s.Components[1]
	if one.Image.Registry != "mirror.example" || one.Sidecars[0].Image.Registry != "mirror.example" || job.Image.Registry != "docker.io" {
		t.Errorf("registries: %+v, %+v", one, job)
	}
	if one.Drain == nil || job.Drain != nil || !s.Components[2].Pod.IsZero() {
		t.Errorf("drains: %+v, %+v; a managed component has %+v", one.Drain, job.Drain, s.Components[2].Pod)
	}
}
