package stack

import (
	"strings"
	"testing"
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
		{"an autoscaler of a Job", `replication: finite, autoscaling: {maxReplicas: 3}`, `autoscaling: is only for stateless components`},
		{"a managed Job", `replication: finite, managed: true`, `managed: no decision about a finite component of a controller is made: write its custom resource into the stack's own templates`},
		{"a restart policy of a Job", `replication: finite, pod: {restartPolicy: OnFailure}`, `pod.restartPolicy: cannot be set here: it follows from replication: remove it`},
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
