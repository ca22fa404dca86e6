package nodes

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/disks"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestNodes checks the cluster without the tested systems, so that its own faults are not mistaken for theirs. All steps use one cluster, and
// each depends on the steps before.
func TestNodes(t *testing.T) {
	before := findTraces(t)
	dir := t.TempDir()
	start := time.Now()
	c, err := Up(t.Context(), Config{Dir: dir, Nodes: Zones()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes ready after %s", len(c.nodes), since(start))
	x := &clusterTest{cluster: c}
	passed := true
	for _, step := range []struct {
		name string
		run  func(*testing.T, *clusterTest)
	}{
		{"Services and DNS", services},
		{"zonal volumes", volumes},
		{"NetworkPolicies", policies},
		{"power loss of a node", kill},
		{"power loss of a zone", killZone},
		{"network loss of a node", cut},
		{"control plane outage", outage},
	} {
		// After a failed step, the next ones prove nothing.
		passed = passed && t.Run(step.name, func(t *testing.T) { step.run(t, x) })
	}
	if t.Failed() {
		t.Log(logs(dir))
	}
	start = time.Now()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("closed in %s", since(start))
	before.groups, before.devices = "", "" // Up also removes the groups and disks of a killed cluster
	if after := findTraces(t); after != before {
		t.Errorf("Close has left traces:\nbefore: %s\nafter:  %s", before, after)
	}
	if left, _ := filepath.Glob(dir + "/*"); !slices.Equal(left, []string{dir + "/log"}) {
		t.Errorf("files besides the logs remain: %v", left)
	}
}

// TestRefusals: Up refuses an unusable machine or folder with a remedy, and changes nothing.
func TestRefusals(t *testing.T) {
	mine := filepath.Join(t.TempDir(), "mine")
	must(t, os.WriteFile(mine, nil, 0o644))
	_, err := Up(t.Context(), Config{Dir: filepath.Dir(mine)})
	if err == nil || !strings.Contains(err.Error(), "must be empty") {
		t.Errorf("folder with files of others: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = Up(t.Context(), Config{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "packages.sh, or apt-get install busybox-static") {
		t.Errorf("without packages: %v", err)
	}
}

// TestDisks: a disk is created once, and the disks of a killed cluster are unmounted and detached, but no other disk.
func TestDisks(t *testing.T) {
	must(t, require())
	killed := &Cluster{config: Config{Dir: t.TempDir()}}
	must(t, killed.lock())
	t.Cleanup(func() { must(t, killed.undo[0]()) })
	must(t, killed.shareVolumes(t.Context()))
	volume := filepath.Join(killed.volumes(), "a", "pvc-1")
	must(t, os.MkdirAll(volume, 0o755))
	must(t, killed.disks.Create(volume))
	must(t, os.WriteFile(filepath.Join(volume, "written"), nil, 0o644))
	must(t, killed.disks.Create(volume))
	if _, err := os.Stat(filepath.Join(volume, "written")); err != nil {
		t.Errorf("a second call has replaced the disk: %v", err)
	}
	mine := &disks.Disks{}
	folder := t.TempDir()
	must(t, mine.Create(folder))
	t.Cleanup(func() { must(t, mine.RemoveAll()) })

	_, device, err := killed.disks.Find(filepath.Base(volume))
	must(t, err)
	must(t, removeRemains(t.Context()))
	if mounts, err := remainingMounts(); err != nil || len(mounts) > 0 {
		t.Errorf("still mounted: %v, error %v", mounts, err)
	}
	if image, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(device), "loop", "backing_file")); err == nil {
		t.Errorf("%s is still attached to %s", device, image)
	}
	if err := os.RemoveAll(killed.config.Dir); err != nil {
		t.Errorf("the folder of the killed cluster cannot be removed: %v", err)
	}
	must(t, mine.Remove(folder))
}

func services(t *testing.T, x *clusterTest) {
	x.apply(t, "web.yaml")
	x.kubectl(t, "rollout", "status", "daemonset/web", timeout)
	x.kubectl(t, "wait", "--for=condition=Ready", "pod/friend", "pod/stranger", timeout)
	eventually(t, "six nodes answer", func() error {
		return want(6, len(x.answers(t, "friend")))
	})
}

func volumes(t *testing.T, x *clusterTest) {
	x.apply(t, "db.yaml")
	x.kubectl(t, "rollout", "status", "statefulset/db", timeout)
	first := x.pod(t, "db-0")
	zone := first.Spec.NodeName[:1]
	volume := x.kubectl(t, "get", "pv", "-o", `jsonpath={.items[*].spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[*].values[*]}`)
	if volume != zone {
		t.Errorf("db-0 is on node %s, but its volume in zone %q", first.Spec.NodeName, volume)
	}
	// The other node of the zone is the only one that fits.
	x.kubectl(t, "cordon", first.Spec.NodeName)
	x.kubectl(t, "delete", "pod", "db-0")
	x.kubectl(t, "rollout", "status", "statefulset/db", timeout)
	second := x.pod(t, "db-0")
	if second.Spec.NodeName[:1] != zone || second.Spec.NodeName == first.Spec.NodeName {
		t.Errorf("db-0 moved from %s to %s, want the other node of the zone", first.Spec.NodeName, second.Spec.NodeName)
	}
	if got, want := x.kubectl(t, "exec", "db-0", "--", "cat", "/data/nodes"), first.Spec.NodeName+"\n"+second.Spec.NodeName+"\n"; got != want {
		t.Errorf("the volume holds %q, want %q", got, want)
	}
	x.kubectl(t, "uncordon", first.Spec.NodeName)
}

func policies(t *testing.T, x *clusterTest) {
	db := x.pod(t, "db-0").Status.PodIP + ":8080"
	must(t, x.get("stranger", "web"))
	must(t, x.get("friend", db))
	x.apply(t, "policy.yaml")
	took := eventually(t, "the stranger is refused", func() error {
		if x.get("stranger", "web") == nil {
			return fmt.Errorf("the stranger is not refused")
		}
		return nil
	})
	t.Logf("in force after %s", took)
	// By name: the policy must also allow DNS.
	if err := x.get("friend", "web"); err != nil {
		t.Errorf("the friend is refused: %v", err)
	}
	if x.get("friend", db) == nil {
		t.Error("the friend reaches a pod that no rule allows")
	}
	x.kubectl(t, "delete", "networkpolicy", "--all")
	eventually(t, "the stranger is allowed again", func() error { return x.get("stranger", "web") })
}

func kill(t *testing.T, x *clusterTest) {
	const name = "c2"
	x.enter(t, name, "touch", "/var/written", "/run/written")
	boot := x.enter(t, name, "cat", "/proc/sys/kernel/random/boot_id")
	pulled := x.enter(t, name, "ctr", "-n=k8s.io", "images", "list", "-q")
	must(t, x.cluster.Kill(t.Context(), name))
	if _, err := x.cluster.Enter(t.Context(), name, "true"); err == nil {
		t.Error("a killed node can be entered")
	}
	t.Logf("unreachable after %s", x.await(t, corev1.ConditionUnknown, name))
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "b2", "c1", "load")
	eventually(t, "five nodes answer", func() error { return want(5, len(x.answers(t, "friend"))) })

	must(t, x.cluster.Boot(t.Context(), name))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, name))
	if got := x.enter(t, name, "cat", "/proc/sys/kernel/random/boot_id"); got == boot {
		t.Error("the node has its old boot ID")
	}
	if got := x.enter(t, name, "sh", "-c", "ls /var/written /run/written 2>/dev/null || true"); got != "/var/written\n" {
		t.Errorf("of a file on disk and one in memory, got %q, want only the one on disk", got)
	}
	if _, err := os.Stat("/var/written"); err == nil {
		t.Error("the node writes to the machine's /var")
	}
	if got := x.enter(t, name, "ctr", "-n=k8s.io", "images", "list", "-q"); got != pulled {
		t.Errorf("images after the boot: got %s, want %s", got, pulled)
	}
	x.kubectl(t, "rollout", "status", "daemonset/web", timeout)
}

func killZone(t *testing.T, x *clusterTest) {
	must(t, x.cluster.Kill(t.Context(), "a1", "a2"))
	t.Logf("unreachable after %s", x.await(t, corev1.ConditionUnknown, "a1", "a2"))
	x.await(t, corev1.ConditionTrue, "b1", "b2", "c1", "c2", "load")
	must(t, x.cluster.Boot(t.Context(), "a1", "a2"))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, "a1", "a2"))
	x.kubectl(t, "rollout", "status", "daemonset/web", timeout)
}

func cut(t *testing.T, x *clusterTest) {
	const name = "b2"
	kubelet := x.enter(t, name, "pgrep", "-x", "kubelet")
	must(t, x.cluster.Cut(t.Context(), name))
	t.Logf("unreachable after %s", x.await(t, corev1.ConditionUnknown, name))
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "c1", "c2", "load")
	must(t, x.cluster.Heal(t.Context(), name))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, name))
	if got := x.enter(t, name, "pgrep", "-x", "kubelet"); got != kubelet {
		t.Errorf("process ID of kubelet: got %s, want %s as before", got, kubelet)
	}
	x.kubectl(t, "rollout", "status", "daemonset/web", timeout)
}

func outage(t *testing.T, x *clusterTest) {
	eventually(t, "six nodes answer", func() error { return want(6, len(x.answers(t, "friend"))) })
	before := x.running(t)
	const script = `rm -f /tmp/answers; (for i in $(seq 100000); do timeout 5 wget -q -O- http://web/ >/dev/null 2>&1 && echo yes || echo no; sleep 0.2; done) >/tmp/answers 2>&1 </dev/null &`
	x.kubectl(t, "exec", "friend", "--", "sh", "-c", script)
	must(t, x.cluster.StopControlPlane(t.Context()))
	if _, err := x.try("get", "--raw=/readyz"); err == nil {
		t.Fatal("the API server answers")
	}
	time.Sleep(15 * time.Second)
	start := time.Now()
	must(t, x.cluster.StartControlPlane(t.Context()))
	t.Logf("started in %s", since(start))
	answers := x.kubectl(t, "exec", "friend", "--", "cat", "/tmp/answers")
	if yes, no := strings.Count(answers, "yes"), strings.Count(answers, "no"); yes == 0 || no > 0 {
		t.Errorf("requests to the Service during the outage: %d answered, %d not", yes, no)
	} else {
		t.Logf("%d requests to the Service during the outage, all answered", yes)
	}
	// Longer than Grace: the outage must not make a node Unreachable.
	time.Sleep(10 * time.Second)
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "b2", "c1", "c2", "load")
	if after := x.running(t); after != before {
		t.Errorf("pods after the outage:\n%s\nwant, as before:\n%s", after, before)
	}
	start = time.Now()
	x.kubectl(t, "run", "late", "--image=busybox:1.37", "--restart=Never", "--", "sleep", "100000")
	// A kubelet waits longer between attempts during an outage, up to half a minute.
	x.kubectl(t, "wait", "--for=condition=Ready", "pod/late", timeout)
	t.Logf("a new pod is ready after %s", since(start))
}

// clusterTest has the helpers of all steps.
type clusterTest struct{ cluster *Cluster }

func (x *clusterTest) try(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := x.cluster.Command(ctx, x.cluster.programs["kubectl"], arguments...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s%s", strings.Join(arguments, " "), err, out, stderr.Bytes())
	}
	return string(out), err
}

func (x *clusterTest) kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := x.try(arguments...)
	must(t, err)
	return out
}

func (x *clusterTest) apply(t *testing.T, file string) {
	t.Helper()
	x.kubectl(t, "apply", "-f", filepath.Join("testdata", file))
}

func (x *clusterTest) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod, err := x.cluster.client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return pod
}

// running lists pods and their containers.
func (x *clusterTest) running(t *testing.T) string {
	t.Helper()
	return x.kubectl(t, "get", "pods", "--sort-by=.metadata.name", "-o=custom-columns=:.metadata.name,:.metadata.uid,:.status.containerStatuses[0].containerID")
}

// get requests the page of a host from a pod.
func (x *clusterTest) get(pod, host string) error {
	_, err := x.try("exec", pod, "--", "timeout", "5", "wget", "-q", "-O-", "http://"+host+"/")
	return err
}

// answers returns the nodes whose pods answer to the name web.
func (x *clusterTest) answers(t *testing.T, pod string) []string {
	t.Helper()
	out, err := x.try("exec", pod, "--", "sh", "-c", "for i in $(seq 60); do timeout 5 wget -q -O- http://web/ || break; done")
	if err != nil {
		t.Log(err)
	}
	nodes := strings.Fields(out)
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

func (x *clusterTest) enter(t *testing.T, node, command string, arguments ...string) string {
	t.Helper()
	cmd, err := x.cluster.Enter(t.Context(), node, command, arguments...)
	must(t, err)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s on node %s: %v\n%s", command, node, err, out)
	}
	return string(out)
}

// await waits until the Ready condition of nodes has a status, and returns how long that took.
func (x *clusterTest) await(t *testing.T, ready corev1.ConditionStatus, names ...string) time.Duration {
	t.Helper()
	return eventually(t, fmt.Sprintf("Ready is %s for %v", ready, names), func() error {
		for _, name := range names {
			node, err := x.cluster.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, condition := range node.Status.Conditions {
				if condition.Type == corev1.NodeReady && condition.Status != ready {
					return fmt.Errorf("node %s: %s: %s", name, condition.Status, condition.Message)
				}
			}
		}
		return nil
	})
}

// timeout is the limit of kubectl's waits.
var timeout = "--timeout=" + patience.String()

// eventually calls f until it succeeds, and returns how long that took.
func eventually(t *testing.T, what string, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		err := f()
		if err == nil {
			return since(start)
		}
		if time.Since(start) > patience {
			t.Fatalf("waited %s for: %s: %v", patience, what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func want(want, got int) error {
	if got != want {
		return fmt.Errorf("want %d, got %d", want, got)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func since(start time.Time) time.Duration { return time.Since(start).Round(100 * time.Millisecond) }
