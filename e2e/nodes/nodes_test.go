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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestNodes shows that the nodes are what the other tests take them for, so that a failure here is told from one of what
// runs on them. One cluster serves all steps; each stands on those before.
func TestNodes(t *testing.T) {
	before := look(t)
	dir := t.TempDir()
	start := time.Now()
	c, err := Up(t.Context(), Config{Dir: dir, Nodes: Zones()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes ready after %s", len(c.nodes), since(start))
	x := &experiment{cluster: c}
	passed := true
	for _, step := range []struct {
		name string
		run  func(*testing.T, *experiment)
	}{
		{"a Service answers by its name from every node", services},
		{"a claim gets a volume of its zone", volumes},
		{"policies are enforced", policies},
		{"a killed node is lost alone and boots with its disk", kill},
		{"a zone is lost", killZone},
		{"a node that is cut off runs on", cut},
		{"pods run on without the control plane", outage},
	} {
		// What stands on a step that failed says nothing.
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
	before.groups = "" // what a cluster left that was killed is gone, too
	if after := look(t); after != before {
		t.Errorf("something is left:\nbefore: %s\nafter:  %s", before, after)
	}
	if left, _ := filepath.Glob(dir + "/*"); !slices.Equal(left, []string{dir + "/log"}) {
		t.Errorf("files are left beside the logs: %v", left)
	}
}

// TestRefusals shows that Up says what to do about a machine or a folder that it cannot use, and touches nothing there.
func TestRefusals(t *testing.T) {
	mine := filepath.Join(t.TempDir(), "mine")
	must(t, os.WriteFile(mine, nil, 0o644))
	_, err := Up(t.Context(), Config{Dir: filepath.Dir(mine)})
	if err == nil || !strings.Contains(err.Error(), "must be empty") {
		t.Errorf("a folder that is somebody's: %v", err)
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

func services(t *testing.T, x *experiment) {
	x.apply(t, "web.yaml")
	x.kubectl(t, "rollout", "status", "daemonset/web", "--timeout=120s")
	x.kubectl(t, "wait", "--for=condition=Ready", "pod/friend", "pod/stranger", "--timeout=60s")
	eventually(t, "six nodes answer", 30*time.Second, func() error {
		return want(6, len(x.answers(t, "friend")))
	})
}

func volumes(t *testing.T, x *experiment) {
	x.apply(t, "db.yaml")
	x.kubectl(t, "rollout", "status", "statefulset/db", "--timeout=120s")
	first := x.pod(t, "db-0")
	zone := first.Spec.NodeName[:1]
	volume := x.kubectl(t, "get", "pv", "-o", `jsonpath={.items[*].spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[*].values[*]}`)
	if volume != zone {
		t.Errorf("db-0 is on node %s, but its volume in zone %q", first.Spec.NodeName, volume)
	}
	// The zone's other node is the only one where it can go.
	x.kubectl(t, "cordon", first.Spec.NodeName)
	x.kubectl(t, "delete", "pod", "db-0")
	x.kubectl(t, "rollout", "status", "statefulset/db", "--timeout=120s")
	second := x.pod(t, "db-0")
	if second.Spec.NodeName[:1] != zone || second.Spec.NodeName == first.Spec.NodeName {
		t.Errorf("db-0 went from %s to %s", first.Spec.NodeName, second.Spec.NodeName)
	}
	if got, want := x.kubectl(t, "exec", "db-0", "--", "cat", "/data/nodes"), first.Spec.NodeName+"\n"+second.Spec.NodeName+"\n"; got != want {
		t.Errorf("the volume holds %q, want %q", got, want)
	}
	x.kubectl(t, "uncordon", first.Spec.NodeName)
}

func policies(t *testing.T, x *experiment) {
	db := x.pod(t, "db-0").Status.PodIP + ":8080"
	must(t, x.get("stranger", "web"))
	must(t, x.get("friend", db))
	x.apply(t, "policy.yaml")
	took := eventually(t, "the stranger is refused", 30*time.Second, func() error {
		if x.get("stranger", "web") == nil {
			return fmt.Errorf("the stranger gets in")
		}
		return nil
	})
	t.Logf("in force after %s", took)
	// By name: so DNS is let through as well.
	if err := x.get("friend", "web"); err != nil {
		t.Errorf("the friend is refused, too: %v", err)
	}
	if x.get("friend", db) == nil {
		t.Error("the friend gets out to where no rule lets it")
	}
	x.kubectl(t, "delete", "networkpolicy", "--all")
	eventually(t, "the stranger gets in again", 30*time.Second, func() error { return x.get("stranger", "web") })
}

func kill(t *testing.T, x *experiment) {
	const name = "c2"
	x.enter(t, name, "touch", "/var/written", "/run/written")
	boot := x.enter(t, name, "cat", "/proc/sys/kernel/random/boot_id")
	pulled := x.enter(t, name, "ctr", "-n=k8s.io", "images", "list", "-q")
	must(t, x.cluster.Kill(t.Context(), name))
	if _, err := x.cluster.Enter(t.Context(), name, "true"); err == nil {
		t.Error("a node that is off can be entered")
	}
	t.Logf("lost after %s", x.await(t, corev1.ConditionUnknown, name))
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "b2", "c1", "load")
	eventually(t, "five nodes answer", 60*time.Second, func() error { return want(5, len(x.answers(t, "friend"))) })

	must(t, x.cluster.Boot(t.Context(), name))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, name))
	if got := x.enter(t, name, "cat", "/proc/sys/kernel/random/boot_id"); got == boot {
		t.Error("the node has not booted: it has its old boot ID")
	}
	if got := x.enter(t, name, "sh", "-c", "ls /var/written /run/written 2>/dev/null || true"); got != "/var/written\n" {
		t.Errorf("of a file on its disk and one in memory, there is %q", got)
	}
	if _, err := os.Stat("/var/written"); err == nil {
		t.Error("the node's /var is the machine's")
	}
	if got := x.enter(t, name, "ctr", "-n=k8s.io", "images", "list", "-q"); got != pulled {
		t.Errorf("images were %s, and are %s", pulled, got)
	}
	x.kubectl(t, "rollout", "status", "daemonset/web", "--timeout=120s")
}

func killZone(t *testing.T, x *experiment) {
	must(t, x.cluster.Kill(t.Context(), "a1", "a2"))
	t.Logf("lost after %s", x.await(t, corev1.ConditionUnknown, "a1", "a2"))
	x.await(t, corev1.ConditionTrue, "b1", "b2", "c1", "c2", "load")
	must(t, x.cluster.Boot(t.Context(), "a1", "a2"))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, "a1", "a2"))
	x.kubectl(t, "rollout", "status", "daemonset/web", "--timeout=120s")
}

func cut(t *testing.T, x *experiment) {
	const name = "b2"
	kubelet := x.enter(t, name, "pgrep", "-x", "kubelet")
	must(t, x.cluster.Cut(t.Context(), name))
	t.Logf("lost after %s", x.await(t, corev1.ConditionUnknown, name))
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "c1", "c2", "load")
	must(t, x.cluster.Heal(t.Context(), name))
	t.Logf("ready again after %s", x.await(t, corev1.ConditionTrue, name))
	if got := x.enter(t, name, "pgrep", "-x", "kubelet"); got != kubelet {
		t.Errorf("its kubelet was process %s, and is %s", kubelet, got)
	}
	x.kubectl(t, "rollout", "status", "daemonset/web", "--timeout=120s")
}

func outage(t *testing.T, x *experiment) {
	eventually(t, "six nodes answer", 60*time.Second, func() error { return want(6, len(x.answers(t, "friend"))) })
	before := x.running(t)
	const script = `rm -f /tmp/asked; (for i in $(seq 1000); do timeout 5 wget -q -O- http://web/ >/dev/null 2>&1 && echo yes || echo no; sleep 0.2; done) >/tmp/asked 2>&1 </dev/null &`
	x.kubectl(t, "exec", "friend", "--", "sh", "-c", script)
	must(t, x.cluster.StopControlPlane(t.Context()))
	if _, err := x.try("get", "--raw=/readyz"); err == nil {
		t.Fatal("the API answers")
	}
	time.Sleep(15 * time.Second)
	start := time.Now()
	must(t, x.cluster.StartControlPlane(t.Context()))
	t.Logf("started in %s", since(start))
	asked := x.kubectl(t, "exec", "friend", "--", "cat", "/tmp/asked")
	if yes, no := strings.Count(asked, "yes"), strings.Count(asked, "no"); yes < 20 || no > 0 {
		t.Errorf("requests by name meanwhile: %d answered, %d not", yes, no)
	} else {
		t.Logf("%d requests by name meanwhile, all answered", yes)
	}
	// Longer than the grace: if a node were to be lost for the outage, it would be by now.
	time.Sleep(10 * time.Second)
	x.await(t, corev1.ConditionTrue, "a1", "a2", "b1", "b2", "c1", "c2", "load")
	if after := x.running(t); after != before {
		t.Errorf("pods were\n%s\nand are\n%s", before, after)
	}
	start = time.Now()
	x.kubectl(t, "run", "late", "--image=busybox:1.37", "--restart=Never", "--", "sleep", "100000")
	// A kubelet asks again after a time that grows with the outage, half a minute at most.
	x.kubectl(t, "wait", "--for=condition=Ready", "pod/late", "--timeout=120s")
	t.Logf("a new pod ran after %s", since(start))
}

// experiment is what the steps have in common.
type experiment struct{ cluster *Cluster }

func (x *experiment) try(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := x.cluster.Command(ctx, x.cluster.programs["kubectl"], arguments...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s%s", strings.Join(arguments, " "), err, out, complaint.Bytes())
	}
	return string(out), err
}

func (x *experiment) kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := x.try(arguments...)
	must(t, err)
	return out
}

func (x *experiment) apply(t *testing.T, file string) {
	t.Helper()
	x.kubectl(t, "apply", "-f", filepath.Join("testdata", file))
}

func (x *experiment) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	pod, err := x.cluster.client.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return pod
}

// running tells the pods apart that run, and their containers.
func (x *experiment) running(t *testing.T) string {
	t.Helper()
	return x.kubectl(t, "get", "pods", "--sort-by=.metadata.name", "-o=custom-columns=:.metadata.name,:.metadata.uid,:.status.containerStatuses[0].containerID")
}

// get asks a name for its page, from a pod.
func (x *experiment) get(pod, host string) error {
	_, err := x.try("exec", pod, "--", "timeout", "5", "wget", "-q", "-O-", "http://"+host+"/")
	return err
}

// answers are the nodes that answer by the name web.
func (x *experiment) answers(t *testing.T, pod string) []string {
	t.Helper()
	out, err := x.try("exec", pod, "--", "sh", "-c", "for i in $(seq 60); do timeout 5 wget -q -O- http://web/ || break; done")
	if err != nil {
		t.Log(err)
	}
	nodes := strings.Fields(out)
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

func (x *experiment) enter(t *testing.T, node, command string, arguments ...string) string {
	t.Helper()
	cmd, err := x.cluster.Enter(t.Context(), node, command, arguments...)
	must(t, err)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s on node %s: %v\n%s", command, node, err, out)
	}
	return string(out)
}

// await waits until the nodes are ready, or not known to be. A busy machine may be late, but not as late as Kubernetes is
// with settings that are not ours.
func (x *experiment) await(t *testing.T, ready corev1.ConditionStatus, names ...string) time.Duration {
	t.Helper()
	return eventually(t, fmt.Sprintf("Ready is %s for %v", ready, names), 30*time.Second, func() error {
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

func eventually(t *testing.T, what string, patience time.Duration, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		err := f()
		if err == nil {
			return since(start)
		}
		if time.Since(start) > patience {
			t.Fatalf("waited %s until %s: %v", patience, what, err)
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
