package workload

import (
	"strings"
	"testing"
)

// TestVersion: each case is a pod or an update strategy, and the first version in which it has an effect.
func TestVersion(t *testing.T) {
	const set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {replicas: 3, selector: {matchLabels: {app: a}}, STRATEGY template: {metadata: {labels: {app: a}}, spec: {POD containers: [{name: c, image: i, CONTAINER}]}}}}`
	for name, c := range map[string]struct {
		strategy, pod, container string
		from                     int
		text                     string // of the assumption or the error in earlier versions
	}{
		"plain":               {"", "", "", 0, ""},
		"one pod at a time":   {"updateStrategy: {rollingUpdate: {maxUnavailable: 1}},", "", "", 0, ""},
		"two pods at once":    {"updateStrategy: {rollingUpdate: {maxUnavailable: 2}},", "", "", 37, "ignores maxUnavailable"},
		"a percentage":        {"updateStrategy: {rollingUpdate: {maxUnavailable: 70%}},", "", "", 37, "ignores maxUnavailable"},
		"pod-level resources": {"", "resources: {requests: {cpu: 1}},", "", 34, "ignores the resources of the whole pod"},
		"a sleep of 0":        {"", "", "lifecycle: {preStop: {sleep: {seconds: 0}}}", 33, "lifecycle.preStop.sleep.seconds: is 0"},
		"a sleep of 5":        {"", "", "lifecycle: {preStop: {sleep: {seconds: 5}}}", 0, ""},
	} {
		for minor := 31; minor <= 37; minor++ {
			s, err := read(t, strings.NewReplacer("STRATEGY", c.strategy, "POD", c.pod, "CONTAINER", c.container).Replace(set))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := s.SetVersion(minor); err != nil {
				got = err.Error()
			} else if len(s.Assumed) > 0 {
				got = s.Assumed[0].Text
			}
			if early := minor < c.from; early != (got != "") || early && !strings.Contains(got, c.text) {
				t.Errorf("%s on 1.%d: %q", name, minor, got)
			}
			if w := s.Workloads[0]; minor < c.from && (w.Rollout.MaxUnavailable != 1 || w.Template.Spec.Resources != nil) {
				t.Errorf("%s on 1.%d has an effect: %+v %+v", name, minor, w.Rollout, w.Template.Spec.Resources)
			}
		}
	}
}
