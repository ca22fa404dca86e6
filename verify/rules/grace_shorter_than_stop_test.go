package rules

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// TestStopDuration: the duration of hooks that sleep first is known.
func TestStopDuration(t *testing.T) {
	exec := func(command ...string) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
	}
	for _, c := range []struct {
		hook *corev1.LifecycleHandler
		want time.Duration
	}{
		{&corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 15}}, 15 * time.Second},
		{exec("sleep", "30"), 30 * time.Second},
		{exec("/bin/sleep", "30s"), 30 * time.Second},
		{exec("/bin/sh", "-c", "sleep 20; nginx -s quit"), 20 * time.Second},
		{exec("sh", "-c", "sleep 20 && nginx -s quit"), 20 * time.Second},
		{exec("sh", "-c", "sleep 2m"), -1},
		{exec("sh", "-c", "nginx -s quit; sleep 20"), -1},
		{exec("sh", "-c", "sleep $SECONDS"), -1},
		{exec("/wait-shutdown"), -1},
	} {
		got, _ := stopDuration(facts.New(&workload.System{}), &workload.Workload{}, facts.Container{Container: &corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: c.hook}}})
		if got != c.want {
			t.Errorf("%v: %v, want %v", c.hook, got, c.want)
		}
	}
}

// TestLameDuck: the lame duck duration of the servers counts, from the configuration or by default, if it is known.
func TestLameDuck(t *testing.T) {
	const set = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: bus}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {terminationGracePeriodSeconds: 60,
  volumes: [{name: c, configMap: {name: c}}], containers: [{name: bus, image: nats, lifecycle: {preStop: {exec: {command: [nats-server, -sl=ldm=/pid]}}}}]}}}}
---
`
	for config, want := range map[string]int{
		"lame_duck_duration: 30s": 0, "lame_duck_duration: \"90s\"": 1, "\"lame_duck_duration\" = 60s": 1, "port: 4222": 1, "port: 4222\ninclude more.conf": 0, "# lame_duck_duration: 30s": 1,
	} {
		s := system(t, set+fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {nats.conf: %q}}", config))
		if found := Check(s, cluster.Cluster{}); len(found) != want {
			t.Errorf("%s: %d findings, want %d", config, len(found), want)
		}
	}
}
