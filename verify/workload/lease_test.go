package workload

import (
	"fmt"
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
		duration, retry  time.Duration
		known            bool
	}{
		{"the default of Argo Events", sensor, "", 5 * time.Second, time.Second, true},
		{"variables of a sensor", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_RETRY_PERIOD, value: 3s}", 20 * time.Second, 3 * time.Second, true},
		{"duplicate variables of an event source: the last wins", source, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_LEASE_DURATION, value: 1m}", time.Minute, time.Second, true},
		{"an invalid duration", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, value: 20s}, {name: LEADER_ELECTION_LEASE_DURATION, value: '20'}", 5 * time.Second, time.Second, true},
		{"a value from a ConfigMap", sensor, "{name: LEADER_ELECTION_LEASE_DURATION, valueFrom: {configMapKeyRef: {name: c, key: k}}}", 5 * time.Second, time.Second, true},
		{"no flags", plain, "", 15 * time.Second, 2 * time.Second, false},
		{"a flag with an equals sign", plain, `args: ["--leader-elect-lease-duration=30s"]`, 30 * time.Second, 2 * time.Second, true},
		{"flags with separate values", plain, `command: [run, -leader-election-retry-period, 15s, --leader-election-lease-duration, 60s]`, time.Minute, 15 * time.Second, true},
		{"flags without values", plain, `args: ["--leader-elect-lease-duration=", "--leader-elect-retry-period"]`, 15 * time.Second, 2 * time.Second, false},
	} {
		s, err := read(t, strings.Replace(c.text, "ENV", c.env, 1))
		if err != nil {
			t.Fatal(err)
		}
		if l, known := s.Workloads[0].Lease(); l != (Lease{c.duration, c.retry}) || known != c.known {
			t.Errorf("%s: %+v, known %v", c.about, l, known)
		}
	}
}

// TestFailoverDelay: a Cluster of CloudNativePG waits before it promotes another instance.
func TestFailoverDelay(t *testing.T) {
	for delay, want := range map[int]time.Duration{0: 65 * time.Second, 600: 665 * time.Second} {
		s, err := read(t, fmt.Sprintf("{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: a}, spec: {instances: 3, failoverDelay: %d, storage: {size: 1Gi}}}", delay))
		if err != nil {
			t.Fatal(err)
		}
		if lease, known := s.Workloads[0].Lease(); !known || lease.Duration != want {
			t.Errorf("failoverDelay %d: %v, want %v", delay, lease.Duration, want)
		}
	}
}
