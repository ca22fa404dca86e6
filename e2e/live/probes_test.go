package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// probe is a command in the pod of a bus server that prints the exit codes of its three probes.
const probe = `for check in --start js-enabled-only=true js-enabled-only=true; do sh /etc/nats-config/health.sh $check >/dev/null; echo $?; done`

// probes returns the exit codes of a bus server's startup, readiness and liveness probe: "0 0 0".
func probes(ctx context.Context, s *System, pod string) (string, error) {
	out, err := shared.kube.run(ctx, shared.kube.kubectl, "", "exec", "-n", s.Name, pod, "-c", "bus", "--", "sh", "-c", probe)
	return strings.Join(strings.Fields(out), " "), err
}

// testProbesAtFirstStart: a new bus with a missing server is not ready, and its servers are not restarted.
func testProbesAtFirstStart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := ofChart("incomplete", "multi-zone", "zone")
	if _, err := shared.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.uninstall(t) })
	// The third server gets no volume.
	const quota = `{apiVersion: v1, kind: ResourceQuota, metadata: {name: two-volumes}, spec: {hard: {persistentvolumeclaims: "2"}}}`
	if err := shared.kube.apply(ctx, s.Name, quota); err != nil {
		t.Fatal(err)
	}
	if err := s.helm(ctx, shared.kube, "install", shared.files.chart); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.busState(ctx, "2 running, 0 ready, 0 restarts") }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(70 * time.Second) // longer than a failing liveness probe takes to restart a container
	if what, err := s.busState(ctx, "2 running, 0 ready, 0 restarts"); what != "" || err != nil {
		t.Errorf("two of three servers at the first start: %s %v", what, err)
	}
	pods, err := shared.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		if p.Status.Phase != corev1.PodRunning {
			continue
		}
		if got, err := probes(ctx, s, p.Name); got != "1 0 0" {
			t.Errorf("%s, two of three servers at the first start: startup, readiness, liveness: got %s %v, want 1 0 0", p.Name, got, err)
		}
	}
	if err := shared.kube.CoreV1().ResourceQuotas(s.Name).Delete(ctx, "two-volumes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// The StatefulSet controller waits longer after each refusal, and acts at once on a change.
	if _, err := shared.kube.run(ctx, shared.kube.kubectl, "", "annotate", "statefulset", "-n", s.Name, "-l", s.busPods, "volumes=three"); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.busState(ctx, "3 running, 3 ready, 0 restarts") }); err != nil {
		t.Error(err)
	}
}

// busState compares the states of the bus's pods with the wanted ones; "" if they are equal.
func (s *System) busState(ctx context.Context, want string) (string, error) {
	pods, err := shared.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		return "", err
	}
	var running, ready, restarts int
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running != nil {
				running++
			}
			if c.Ready {
				ready++
			}
			restarts += int(c.RestartCount)
		}
	}
	if got := fmt.Sprintf("%d running, %d ready, %d restarts", running, ready, restarts); got != want {
		return fmt.Sprintf("%s: got %s, want %s", s.Name, got, want), nil
	}
	return "", nil
}

// testProbesWithoutQuorum: a server without its peers stays in its Service and is not restarted, and the bus recovers when they return.
func testProbesWithoutQuorum(t *testing.T, s *System) {
	ctx := t.Context()
	pods, err := shared.kube.pods(ctx, s.Name, s.busPods)
	if err != nil || len(pods) != 3 {
		t.Fatalf("%d bus servers: %v", len(pods), err)
	}
	survivor := pods[0]
	for _, p := range pods {
		if got, err := probes(ctx, s, p.Name); got != "0 0 0" {
			t.Errorf("%s, healthy: startup, readiness, liveness: got %s %v, want 0 0 0", p.Name, got, err)
		}
	}
	away := []string{pods[1].Spec.NodeName, pods[2].Spec.NodeName}
	if err := shared.cluster.Cut(ctx, away...); err != nil {
		t.Fatal(err)
	}
	heal := func() { // may be called twice
		if err := shared.cluster.Heal(context.Background(), away...); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(heal)
	if err := until(ctx, patience, func(ctx context.Context) (string, error) {
		got, err := probes(ctx, s, survivor.Name)
		if got != "1 0 0" {
			return "startup, readiness, liveness: got " + got + ", want 1 0 0", err
		}
		return "", nil
	}); err != nil {
		t.Errorf("%s, one of three servers: %v", survivor.Name, err)
	}
	time.Sleep(70 * time.Second) // longer than a failing liveness probe takes to restart a container
	now, err := shared.kube.CoreV1().Pods(s.Name).Get(ctx, survivor.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if status := now.Status.ContainerStatuses[0]; now.UID != survivor.UID || !status.Ready || status.RestartCount != survivor.Status.ContainerStatuses[0].RestartCount {
		t.Errorf("%s, one of three servers for a minute: ready %v, %d restarts", survivor.Name, status.Ready, status.RestartCount)
	}
	heal()
	if err := s.awaitRecovery(ctx, shared.kube, patience); err != nil {
		t.Error(err)
	}
}

// busServerWithLeaves returns a bus server with connected leaves: a server without connections skips its lame duck mode.
func (s *System) busServerWithLeaves(ctx context.Context) (string, error) {
	pods, err := shared.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		return "", err
	}
	for _, p := range pods {
		out, err := s.monitor(ctx, shared.kube, p.Name, "leafz")
		if err != nil {
			return "", err
		}
		var has struct{ Leafnodes int }
		if err := json.Unmarshal([]byte(out), &has); err != nil {
			return "", err
		}
		if has.Leafnodes > 0 {
			return p.Name, nil
		}
	}
	return "", fmt.Errorf("%s: no leaf is connected to a bus server", s.Title)
}

// testProbesInLameDuck: a server that shuts down fails its probes at once, and ends within its grace period.
func testProbesInLameDuck(t *testing.T, s *System) {
	ctx := t.Context()
	pod, err := s.busServerWithLeaves(ctx)
	if err != nil {
		t.Fatal(err)
	}
	old, err := shared.kube.CoreV1().Pods(s.Name).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// Probe it without a pause, until its container ends and the command with it.
	var codes recorder
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		loop := "while true; do { " + probe + "; } | tr '\\n' ' '; echo; done"
		cmd := shared.kube.command(ctx, shared.kube.kubectl, "exec", "-n", s.Name, pod, "-c", "bus", "--", "sh", "-c", loop)
		cmd.Stdout = &codes
		_ = cmd.Run()
	}()
	if err := until(ctx, patience, func(context.Context) (string, error) {
		if out := codes.String(); !strings.Contains(out, "0 0 0") {
			return fmt.Sprintf("startup, readiness, liveness: got %q, want 0 0 0", out), nil
		}
		return "", nil
	}); err != nil {
		t.Fatalf("%s, healthy: %v", pod, err)
	}
	start := time.Now()
	if err := shared.kube.CoreV1().Pods(s.Name).Delete(ctx, pod, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, time.Duration(*old.Spec.TerminationGracePeriodSeconds)*time.Second, func(ctx context.Context) (string, error) {
		now, err := shared.kube.CoreV1().Pods(s.Name).Get(ctx, pod, metav1.GetOptions{})
		if err == nil && now.UID == old.UID {
			return pod + " still exists", nil
		}
		return "", nil
	}); err != nil {
		t.Errorf("deleted, but not gone within its grace period: %v", err)
	}
	t.Logf("gone after %s", time.Since(start).Round(time.Second))
	<-ended
	if out := codes.String(); !strings.Contains(out, "1 1 1") {
		t.Errorf("startup, readiness, liveness must fail during the shutdown: %q", out[max(0, len(out)-400):])
	}
	if err := s.awaitRecovery(ctx, shared.kube, patience); err != nil {
		t.Error(err)
	}
}

// recorder keeps the output of a program for another goroutine.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
