package live

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// move: a live system goes from one server to three in three zones, to five and back to three, under load: nothing that was
// acknowledged is lost, and consumers go on where they were. The move's pod is killed once, and its node once.
func move(t *testing.T) {
	ctx := t.Context()
	m := &moving{t: t, System: managed("moved", "single-node", "node")}
	m.Title = "moved"
	if err := m.install(ctx, the.kube, the.files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.uninstall(t) })
	m.play("a change of the profile in place is refused", func() {
		before := m.generations()
		err := m.upgrade("profile=multi-zone")
		if err == nil || !strings.Contains(err.Error(), "nothing would be moved") {
			t.Errorf("got %v, want a refusal", err)
		}
		if after := m.generations(); before != after {
			t.Errorf("the refused upgrade has changed something:\n%s\n%s", before, after)
		}
	})
	m.play("from one server to three zones", func() {
		const move = "migration.from=single-node,migration.id=there"
		ended := make(chan error, 1)
		go func() { ended <- m.upgrade("profile=multi-zone,"+move, "--wait", "--wait-for-jobs", "--timeout=10m") }()
		m.killPod()
		m.killNode()
		if err := <-ended; err != nil {
			t.Fatalf("%v%s", err, m.describe(ctx, the.kube))
		}
	})
	m.play("the old server goes", func() { m.must(m.upgrade("profile=multi-zone")) })
	m.play("from three servers to five", func() { m.must(m.upgrade("profile=multi-zone,bus.replicas=5", "--wait", "--timeout=10m")) })
	m.play("from five servers to three", func() { m.must(m.upgrade("profile=multi-zone,bus.replicas=3", "--wait", "--timeout=10m")) })
	if *evidenceDir != "" {
		m.must(m.write(*evidenceDir))
	}
}

// moving is a system whose bus moves, and what it went through.
type moving struct {
	*System
	t       *testing.T
	results []evidence.Result
}

func (m *moving) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// play does something and counts what was lost from its beginning until everything is whole again.
func (m *moving) play(name string, do func()) {
	m.t.Helper()
	ctx := m.t.Context()
	from, err := m.now(ctx, the.kube)
	m.must(err)
	do()
	ended := time.Now()
	m.must(m.whole(ctx, the.kube, patience))
	r := evidence.Result{Scenario: name, System: m.Title, Whole: time.Since(ended).Seconds()}
	// The sources may wait for a while until they try again.
	m.must(until(ctx, patience, func(ctx context.Context) (string, error) { return m.flows(ctx) }))
	r.Reports, err = m.settle(ctx, the.kube, from, arrival)
	m.must(err)
	m.results = append(m.results, r)
	the.log("%-34s %s", r.Scenario, line(r))
	for _, what := range broken(r) {
		m.t.Errorf("%s: %s", name, what)
	}
}

// flows says what is missing until events flow from end to end.
func (m *moving) flows(ctx context.Context) (string, error) {
	from, err := m.now(ctx, the.kube)
	if err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second)
	r, err := m.reportUntilNow(ctx, the.kube, from)
	if err != nil || r.Webhook.Acked == 0 || r.Webhook.Failed > 0 || r.Bus.Acked == 0 || r.Webhook.ArrivalGap > 1.5 || r.Bus.ArrivalGap > 1.5 {
		return fmt.Sprintf("events do not flow: %+v", r), err
	}
	return "", nil
}

func (m *moving) upgrade(set string, flags ...string) error {
	return m.helm(m.t.Context(), the.kube, "upgrade", the.files.chart, append([]string{"--set", set}, flags...)...)
}

// generations are those of all workloads: they change when anybody changes what is asked for.
func (m *moving) generations() string {
	out, err := the.kube.run(m.t.Context(), the.kube.kubectl, "", "get", "deployments,statefulsets,daemonsets,eventbus,configmaps", "-n", m.Name,
		"-o=custom-columns=:.kind,:.metadata.name,:.metadata.uid,:.metadata.generation", "--no-headers")
	m.must(err)
	return out
}

// mover is the pod of the move that runs now, when it has said something.
func (m *moving) mover(said string) *corev1.Pod {
	m.t.Helper()
	var found *corev1.Pod
	m.must(until(m.t.Context(), patience, func(ctx context.Context) (string, error) {
		pods, err := the.kube.pods(ctx, m.Name, "app.kubernetes.io/component=migration")
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			if p.DeletionTimestamp != nil || p.Status.Phase != corev1.PodRunning {
				continue
			}
			if log, err := the.kube.CoreV1().Pods(m.Name).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(ctx); err == nil && strings.Contains(string(log), said) {
				found = &p
				return "", nil
			}
		}
		return fmt.Sprintf("no pod of the move has said %q", said), nil
	}))
	return found
}

// killPod kills the pod of the move when it has begun to copy.
func (m *moving) killPod() {
	pod := m.mover("Starting backup of Stream")
	none := int64(0)
	m.must(the.kube.CoreV1().Pods(m.Name).Delete(m.t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &none}))
	the.log("killed pod %s of the move", pod.Name)
}

// killNode takes the power of the node on which the move has begun again, and gives it back after a while.
func (m *moving) killNode() {
	ctx := m.t.Context()
	pod := m.mover("waiting for")
	m.must(the.cluster.Kill(ctx, pod.Spec.NodeName))
	the.log("killed node %s with pod %s of the move", pod.Spec.NodeName, pod.Name)
	time.Sleep(30 * time.Second)
	m.must(the.cluster.Boot(ctx, pod.Spec.NodeName))
}

// write puts what was seen into a folder: moves.json, and moves.md for people.
func (m *moving) write(dir string) error {
	text, err := json.MarshalIndent(m.results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "moves.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(`<!-- Code generated by make evidence; DO NOT EDIT. -->
# A bus that moves

One system on real nodes under the load of [failures.md](failures.md), where the words are explained, while its profile and size change. In the move the Job's pod
was killed once, and the node of the next one lost its power for 30 s. Every figure is of this one run.

| what happens | POSTs acked | refused | lost | twice | bus acked | lost | bus stop | sensor stop | whole |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`)
	for _, r := range m.results {
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d | %d | %d | %.1f | %.1f | %.0f |\n", r.Scenario,
			r.Webhook.Acked, r.Webhook.Failed, r.Webhook.Lost, r.Webhook.Duplicated, r.Bus.Acked, r.Bus.Lost, r.Bus.AckGap, r.Webhook.ArrivalGap, r.Whole)
	}
	return os.WriteFile(filepath.Join(dir, "moves.md"), []byte(out.String()), 0o644)
}
