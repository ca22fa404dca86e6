package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// testMigrations: the bus of a live system changes from one server to three in three zones, to five and back to three, under load. No
// acknowledged event is lost, and consumers keep their positions. The pod of the migration is killed once, and its node once.
func testMigrations(t *testing.T) {
	ctx := t.Context()
	m := &migrating{t: t, System: migrated()}
	if err := m.install(ctx, shared.kube, shared.files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.uninstall(t) })
	m.step("profile changed without a migration: refused", func() {
		before := m.generations()
		err := m.upgrade("profile=multi-zone")
		if err == nil || !strings.Contains(err.Error(), refusedMigration) {
			t.Errorf("got error %v, want a refusal", err)
		}
		if after := m.generations(); before != after {
			t.Errorf("the refused upgrade has changed objects:\n%s\n%s", before, after)
		}
	})
	m.step("migration from one server to three zones", func() {
		ended := make(chan error, 1)
		go func() {
			ended <- m.upgrade("profile=multi-zone,"+migrationFlags, "--wait", "--wait-for-jobs", "--timeout="+patience.String())
		}()
		m.killPod()
		m.killNode()
		if err := <-ended; err != nil {
			t.Fatalf("%v%s", err, m.describe(ctx, shared.kube))
		}
	})
	m.step("removal of the old server", func() { m.must(m.upgrade("profile=multi-zone")) })
	m.step("scale-up from three servers to five", func() { m.scale("5") })
	m.step("scale-down from five servers to three", func() { m.scale("3") })
	if *evidenceDir != "" {
		m.write()
	}
}

// refusedMigration is a part of the chart's refusal to change the profile in place.
const refusedMigration = "which would be empty"

// migrating is a system whose bus is migrated, and the results so far.
type migrating struct {
	*System
	t       *testing.T
	results []evidence.Result
}

func (m *migrating) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// step makes a change and counts the events lost from its beginning until everything has recovered.
func (m *migrating) step(name string, change func()) {
	m.t.Helper()
	ctx := m.t.Context()
	from, err := m.now(ctx, shared.kube)
	m.must(err)
	change()
	ended := time.Now()
	m.must(m.awaitRecovery(ctx, shared.kube, patience))
	r := evidence.Result{Scenario: name, System: m.Title, Recovered: time.Since(ended).Seconds()}
	// Event sources may wait before they connect again.
	m.must(m.awaitFlow(ctx, shared.kube))
	to, err := m.now(ctx, shared.kube)
	m.must(err)
	r.Reports, err = m.settle(ctx, shared.kube, from, to, arrival)
	m.must(err)
	m.results = append(m.results, r)
	shared.log("%-34s %s", r.Scenario, line(r))
	for _, v := range violations(r, false) {
		m.t.Errorf("%s: %s", name, v)
	}
}

func (m *migrating) upgrade(set string, flags ...string) error {
	return m.helm(m.t.Context(), shared.kube, "upgrade", shared.files.chart, append([]string{"--set", set}, flags...)...)
}

// scale changes the number of bus servers.
func (m *migrating) scale(servers string) {
	m.t.Helper()
	m.must(m.upgrade("profile=multi-zone,bus.replicas="+servers, "--wait", "--timeout="+patience.String()))
}

// generations lists the generations of all workloads: they change with every change of a spec.
func (m *migrating) generations() string {
	out, err := shared.kube.run(m.t.Context(), shared.kube.kubectl, "", "get", "deployments,statefulsets,daemonsets,eventbus,configmaps", "-n", m.Name,
		"-o=custom-columns=:.kind,:.metadata.name,:.metadata.uid,:.metadata.generation", "--no-headers")
	m.must(err)
	return out
}

// migrationPod returns the running pod of the migration whose log contains a text.
func (m *migrating) migrationPod(text string) *corev1.Pod {
	m.t.Helper()
	var found *corev1.Pod
	m.must(until(m.t.Context(), patience, func(ctx context.Context) (string, error) {
		pods, err := shared.kube.pods(ctx, m.Name, "app.kubernetes.io/component=migration")
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			if p.DeletionTimestamp != nil || p.Status.Phase != corev1.PodRunning {
				continue
			}
			log, err := shared.kube.CoreV1().Pods(m.Name).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
			if err == nil && strings.Contains(string(log), text) {
				found = &p
				return "", nil
			}
		}
		return fmt.Sprintf("no pod of the migration has %q in its log", text), nil
	}))
	return found
}

// killPod kills the pod of the migration during its first copy.
func (m *migrating) killPod() {
	pod := m.migrationPod("Starting backup of Stream")
	immediately := int64(0)
	m.must(shared.kube.CoreV1().Pods(m.Name).Delete(m.t.Context(), pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &immediately}))
	shared.log("killed pod %s of the migration", pod.Name)
}

// killNode cuts the power of the node of the next migration pod for a while.
func (m *migrating) killNode() {
	ctx := m.t.Context()
	pod := m.migrationPod("waiting for")
	m.must(shared.cluster.Kill(ctx, pod.Spec.NodeName))
	shared.log("killed node %s with pod %s of the migration", pod.Spec.NodeName, pod.Name)
	time.Sleep(outage)
	m.must(shared.cluster.Boot(ctx, pod.Spec.NodeName))
}

func (m *migrating) write() {
	m.t.Helper()
	charts, err := MigrationDigests()
	m.must(err)
	m.must(evidence.Migrations{Date: time.Now().UTC().Format(time.DateOnly), Charts: charts, Steps: m.results}.Write(*evidenceDir))
}
