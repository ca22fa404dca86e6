package cases

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const podObjects = `
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: bus
  labels: {helm.sh/chart: chart-0.1.0}
spec:
  template:
    metadata:
      annotations: {checksum/config: abc}
      labels: {app.kubernetes.io/version: 1.0.0, app: bus}
    spec:
      containers:
        - name: bus
          readinessProbe: {periodSeconds: 5}
      volumes:
        - {name: config, configMap: {name: bus}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bus}
data:
  run.sh: |
    #!/bin/sh
    # Start the server.
    exec nats-server

---
apiVersion: v1
kind: ConfigMap
metadata: {name: unused}
data: {key: value}
---
apiVersion: batch/v1
kind: Job
metadata: {name: bootstrap-0123abcd}
spec: {backoffLimit: 6}
---
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations: {helm.sh/hook: test}
spec: {restartPolicy: Never}
---
apiVersion: v1
kind: Service
metadata: {name: bus}
spec: {ports: [{port: 4222}]}
`

// TestPodDigests: a digest changes with the content that affects a pod, and with nothing else.
func TestPodDigests(t *testing.T) {
	original := podDigests(t, podObjects)
	if got, want := slices.Sorted(maps.Keys(original)), []string{"ConfigMap bus", "Job bootstrap", "StatefulSet bus"}; !slices.Equal(got, want) {
		t.Errorf("got digests of %q, want %q", got, want)
	}
	for _, c := range []struct{ name, old, new, changed string }{
		{"probe", "periodSeconds: 5", "periodSeconds: 6", "StatefulSet bus"},
		{"label of pods", "app: bus", "app: server", "StatefulSet bus"},
		{"script", "exec nats-server", "exec nats-server -js", "ConfigMap bus"},
		{"interpreter", "#!/bin/sh", "#!/bin/bash", "ConfigMap bus"},
		{"new field of a Job", "backoffLimit: 6", "backoffLimit: 7", "Job bootstrap"},
		{"used ConfigMap", "configMap: {name: bus}", "configMap: {name: unused}", "ConfigMap bus, ConfigMap unused, StatefulSet bus"},
		{"comment in a script", "# Start the server.", "# Start nats-server.", ""},
		{"comment in the manifest", "spec: {backoffLimit: 6}", "# Six attempts.\nspec: {backoffLimit: 6}", ""},
		{"version of the chart", "chart-0.1.0", "chart-0.2.0", ""},
		{"version of the application", "version: 1.0.0", "version: 1.1.0", ""},
		{"checksum", "checksum/config: abc", "checksum/config: def", ""},
		{"hash in a name", "bootstrap-0123abcd", "bootstrap-4567cdef", ""},
		{"pod of helm test", "restartPolicy: Never", "restartPolicy: OnFailure", ""},
		{"unused ConfigMap", "key: value", "key: other", ""},
		{"Service", "port: 4222", "port: 4223", ""},
	} {
		if !strings.Contains(podObjects, c.old) {
			t.Fatalf("%s: the manifests do not contain %q", c.name, c.old)
		}
		changed := podDigests(t, strings.Replace(podObjects, c.old, c.new, 1))
		var differ []string
		all := maps.Clone(original)
		maps.Copy(all, changed)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if original[key] != changed[key] {
				differ = append(differ, key)
			}
		}
		if got := strings.Join(differ, ", "); got != c.changed {
			t.Errorf("%s: changed digests: got %q, want %q", c.name, got, c.changed)
		}
	}
}

func podDigests(t *testing.T, manifests string) map[string]string {
	t.Helper()
	objects, err := Decode([]byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	return PodDigests(objects)
}
