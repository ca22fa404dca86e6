package workload

import (
	"strings"
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	const (
		sensor = "{apiVersion: argoproj.io/v1alpha1, kind: Sensor, metadata: {name: s, annotations: {events.argoproj.io/leader-election: k8s}}, spec: {replicas: 2, template: {container: {env: [ENV]}}}}"
		source = "{apiVersion: argoproj.io/v1alpha1, kind: EventSource, metadata: {name: s, annotations: {events.argoproj.io/leader-election: k8s}}, spec: {calendar: {a: {}}, template: {container: {env: [ENV]}}}}"
		plain  = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: s}, spec: {selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: i, ENV}]}}}}"
	)
	for _, c := range []struct {
		about, text, env string
		good, retry      time.Duration
		said             bool
	}{
		{"Argo Events' own", sensor, "", 5 * time.Second, time.Second, true},
		{"what a sensor is told", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_RETRY_PERIOD, value: 3s}", 20 * time.Second, 3 * time.Second, true},
		{"and a source; the last counts", source, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_LEASE_DURATION, value: 1m}", time.Minute, time.Second, true},
		{"what it cannot read it does not take", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_LEASE_DURATION, value: '20'}", 5 * time.Second, time.Second, true},
		{"nor what is elsewhere is known", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, valueFrom: {configMapKeyRef: {name: c, key: k}}}", 5 * time.Second, time.Second, true},
		{"nothing is known", plain, "", 15 * time.Second, 2 * time.Second, false},
		{"a flag", plain, `args: ["--leader-elect-lease-duration=30s"]`, 30 * time.Second, 2 * time.Second, true},
		{"two flags, in two words each", plain, `command: [run, -leader-election-retry-period, 15s, --leader-election-lease-duration, 60s]`, time.Minute, 15 * time.Second, true},
		{"no time", plain, `args: ["--leader-elect-lease-duration=", "--leader-elect-retry-period"]`, 15 * time.Second, 2 * time.Second, false},
	} {
		s, err := read(t, strings.Replace(c.text, "ENV", c.env, 1))
		if err != nil {
			t.Fatal(err)
		}
		if l, said := s.Workloads[0].Lease(); l != (Lease{c.good, c.retry}) || said != c.said {
			t.Errorf("%s: %+v, %v", c.about, l, said)
		}
	}
}
