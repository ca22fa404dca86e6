package facts

import (
	"testing"

	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

// TestScript: a command's scripts are found where a container mounts them from a ConfigMap, without their comments.
func TestScript(t *testing.T) {
	s := New(verifytest.Read(t, "a.yaml", `
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts}
data:
  live.sh: "#!/bin/sh\n# a comment\nredis-cli ping\n"
  stop.sh: redis-cli save
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
        - name: a
          image: a:1
          volumeMounts: [{name: scripts, mountPath: /scripts/}, {name: scripts, mountPath: /bin/stop, subPath: stop.sh}, {name: renamed, mountPath: /renamed}]
      volumes: [{name: scripts, configMap: {name: scripts}}, {name: renamed, configMap: {name: scripts, items: [{key: live.sh, path: health}]}}]
`))
	w := s.Workloads[0]
	c := Containers(w)[0]
	for _, command := range []struct {
		words []string
		want  string
	}{
		{[]string{"sh", "/scripts/live.sh", "5"}, "redis-cli ping\n"},
		{[]string{"sh", "-c", "timeout 5 '/scripts/live.sh' && true"}, "redis-cli ping\n"},
		{[]string{"/bin/stop"}, "redis-cli save"},
		{[]string{"/renamed/health"}, "redis-cli ping\n"},
		{[]string{"/scripts/other.sh"}, ""},
		{[]string{"/elsewhere/live.sh"}, ""},
		{[]string{"live.sh"}, ""},
	} {
		if got := s.Script(w, c, command.words); got != command.want {
			t.Errorf("%q: %q, want %q", command.words, got, command.want)
		}
	}
}
