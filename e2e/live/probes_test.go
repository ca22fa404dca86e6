package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The questions of the three probes, as the chart asks them.
const (
	started = "/healthz"
	ready   = "/healthz?js-server-only=true"
	alive   = "/healthz?js-enabled-only=true"
)

// question is a command that asks a bus server, from inside its pod, what its probes ask.
func question() string {
	const ask = `for path in '%s' '%s' '%s'; do printf 'GET %%s HTTP/1.0\r\n\r\n' "$path" | timeout 3 nc 127.0.0.1 8222 | sed -n '1s|^HTTP/[0-9.]* \([0-9]*\).*|\1|p'; done`
	return fmt.Sprintf(ask, started, ready, alive)
}

// answers are what a bus server answers to its probes: "200 200 503".
func answers(ctx context.Context, s *System, pod string) (string, error) {
	out, err := the.kube.run(ctx, the.kube.kubectl, "", "exec", "-n", s.Name, pod, "-c", "bus", "--", "sh", "-c", question())
	return strings.Join(strings.Fields(out), " "), err
}

// probesAtFirst: a bus that lacks a member of its first quorum is not ready, and is not restarted for it.
func probesAtFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := managed("held", "multi-zone", "zone")
	if _, err := the.kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.uninstall(t) })
	// The third server gets no disk.
	const quota = `{apiVersion: v1, kind: ResourceQuota, metadata: {name: two-disks}, spec: {hard: {persistentvolumeclaims: "2"}}}`
	if err := the.kube.apply(ctx, s.Name, quota); err != nil {
		t.Fatal(err)
	}
	if err := s.helm(ctx, the.kube, "install", the.files.chart); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.busState(ctx, "2 running, 0 ready, 0 restarts") }); err != nil {
		t.Fatal(err)
	}
	time.Sleep(70 * time.Second) // longer than liveness would wait
	if what, err := s.busState(ctx, "2 running, 0 ready, 0 restarts"); what != "" || err != nil {
		t.Errorf("two of three, first start: %s %v", what, err)
	}
	pods, err := the.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		if p.Status.Phase != corev1.PodRunning {
			continue
		}
		if got, err := answers(ctx, s, p.Name); got != "503 200 200" {
			t.Errorf("%s, two of three, first start: started, ready, alive answer %s %v, want 503 200 200", p.Name, got, err)
		}
	}
	if err := the.kube.CoreV1().ResourceQuotas(s.Name).Delete(ctx, "two-disks", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// Its controller waits longer after each refusal, but acts at once on a change.
	if _, err := the.kube.run(ctx, the.kube.kubectl, "", "annotate", "statefulset", "-n", s.Name, "-l", s.busPods, "disks=three"); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.busState(ctx, "3 running, 3 ready, 0 restarts") }); err != nil {
		t.Error(err)
	}
}

// busState compares the bus's pods with what is wanted; "" when they are so.
func (s *System) busState(ctx context.Context, want string) (string, error) {
	pods, err := the.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		return "", err
	}
	var running, readies, restarts int
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running != nil {
				running++
			}
			if c.Ready {
				readies++
			}
			restarts += int(c.RestartCount)
		}
	}
	if got := fmt.Sprintf("%d running, %d ready, %d restarts", running, readies, restarts); got != want {
		return fmt.Sprintf("%s: got %s, want %s", s.Name, got, want), nil
	}
	return "", nil
}

// probesWithoutQuorum: a server whose peers are gone stays in its Service and is not restarted, and the bus is whole
// again when they return.
func probesWithoutQuorum(t *testing.T, s *System) {
	ctx := t.Context()
	pods, err := the.kube.pods(ctx, s.Name, s.busPods)
	if err != nil || len(pods) != 3 {
		t.Fatalf("%d bus servers: %v", len(pods), err)
	}
	survivor := pods[0]
	for _, p := range pods {
		if got, err := answers(ctx, s, p.Name); got != "200 200 200" {
			t.Errorf("%s, all well: started, ready, alive answer %s %v, want 200 200 200", p.Name, got, err)
		}
	}
	away := []string{pods[1].Spec.NodeName, pods[2].Spec.NodeName}
	if err := the.cluster.Cut(ctx, away...); err != nil {
		t.Fatal(err)
	}
	heal := func() { // twice does no harm
		if err := the.cluster.Heal(context.Background(), away...); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(heal)
	if err := until(ctx, patience, func(ctx context.Context) (string, error) {
		got, err := answers(ctx, s, survivor.Name)
		if got != "503 200 200" {
			return "started, ready, alive answer " + got + ", want 503 200 200", err
		}
		return "", nil
	}); err != nil {
		t.Errorf("%s, one of three: %v", survivor.Name, err)
	}
	time.Sleep(70 * time.Second) // longer than liveness would wait
	now, err := the.kube.CoreV1().Pods(s.Name).Get(ctx, survivor.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if status := now.Status.ContainerStatuses[0]; now.UID != survivor.UID || !status.Ready || status.RestartCount != survivor.Status.ContainerStatuses[0].RestartCount {
		t.Errorf("%s, one of three for a minute: ready %v, %d restarts", survivor.Name, status.Ready, status.RestartCount)
	}
	heal()
	if err := s.whole(ctx, the.kube, patience); err != nil {
		t.Error(err)
	}
}

// busServerWithLeaves names a server that somebody would miss: one that nobody is connected to ends without lame duck.
func (s *System) busServerWithLeaves(ctx context.Context) (string, error) {
	pods, err := the.kube.pods(ctx, s.Name, s.busPods)
	if err != nil {
		return "", err
	}
	for _, p := range pods {
		out, err := s.monitor(ctx, the.kube, p.Name, "leafz")
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
	return "", fmt.Errorf("%s: no bus server has a leaf", s.Title)
}

// probesInLameDuck: a server that is told to go says so at once, and goes within its grace.
func probesInLameDuck(t *testing.T, s *System) {
	ctx := t.Context()
	pod, err := s.busServerWithLeaves(ctx)
	if err != nil {
		t.Fatal(err)
	}
	old, err := the.kube.CoreV1().Pods(s.Name).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// It is asked all the time from now on, until it is gone and this with it.
	heard := make(chan string)
	go func() {
		loop := "while true; do " + question() + " | tr '\\n' ' '; echo; done"
		out, _ := the.kube.run(ctx, the.kube.kubectl, "", "exec", "-n", s.Name, pod, "-c", "bus", "--", "sh", "-c", loop)
		heard <- out
	}()
	// Asked after that one: when this has its answer, that one has had time for some.
	if got, err := answers(ctx, s, pod); got != "200 200 200" {
		t.Errorf("%s, all well: started, ready, alive answer %s %v, want 200 200 200", pod, got, err)
	}
	time.Sleep(2 * time.Second)
	start := time.Now()
	if err := the.kube.CoreV1().Pods(s.Name).Delete(ctx, pod, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, time.Duration(*old.Spec.TerminationGracePeriodSeconds)*time.Second, func(ctx context.Context) (string, error) {
		now, err := the.kube.CoreV1().Pods(s.Name).Get(ctx, pod, metav1.GetOptions{})
		if err == nil && now.UID == old.UID {
			return pod + " is still there", nil
		}
		return "", nil
	}); err != nil {
		t.Errorf("killed, not gone: %v", err)
	}
	t.Logf("gone after %s", time.Since(start).Round(time.Second))
	out := <-heard
	if !strings.Contains(out, "200 200 200") || !strings.Contains(out, "500 500 500") {
		t.Errorf("started, ready, alive should answer 200 each, and then 500: %q", out[max(0, len(out)-400):])
	}
	if err := s.whole(ctx, the.kube, patience); err != nil {
		t.Error(err)
	}
}
