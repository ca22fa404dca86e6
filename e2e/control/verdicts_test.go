package control

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/storage"
	corev1 "k8s.io/api/core/v1"
)

// verdicts is the compared part of verify's report.
type verdicts struct {
	// Outcome is that of the requirement.
	Outcome   string
	Workloads []struct {
		Name  string
		Worst []struct {
			Event string
			After int
		}
	}
	Pods []struct {
		Name, Workload, Node string
		Runs                 bool
	}
	Scenarios []scenario
}

type scenario struct {
	Event, Target string
	Like          []string
	ordered
	// Orders are the orders of events in which the scenario may end differently.
	Orders []ordered
}

// ordered is a scenario in one order of events.
type ordered struct {
	If       string
	Blocked  string `json:"stuck"`
	Outcomes []outcomeOf
	Changes  []struct{ Workload, From, To string }
}

type outcomeOf struct {
	Workload     string
	Least, After int
	Pending      []string `json:"waiting"`
}

// slots limit the number of concurrent verifications, which need memory. They are more than processors, because on a busy machine processes mostly
// wait for their start.
var slots = make(chan struct{}, 16)

// runVerify runs holdfast verify.
func runVerify(t *testing.T, flags ...string) verdicts {
	t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	var stderr bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"verify", "-o", "json"}, flags...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 1 {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var v verdicts
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// verifyRunning runs verify on the pods of a namespace, with the nodes in a file.
func verifyRunning(t *testing.T, namespace, nodes string, flags ...string) verdicts {
	t.Helper()
	return runVerify(t, append([]string{"--kubeconfig", kube.Kubeconfig(), "-n", namespace, "--cluster", nodes}, flags...)...)
}

// proven reports whether the requirement holds wherever the scheduler places the pods.
func (v verdicts) proven() bool { return v.Outcome == "proven" }

// writeNodes writes the nodes of a namespace into a file.
func writeNodes(t *testing.T, namespace string) string {
	t.Helper()
	kubectl, err := binaries.Path("kubectl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := cases.Output(kubectl, "--kubeconfig", kube.Kubeconfig(), "get", "nodes", "-l", ownNodes(namespace), "-o", "yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nodes.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// writeClasses writes the StorageClasses of the cluster into a file.
func writeClasses(t *testing.T) string {
	t.Helper()
	kubectl, err := binaries.Path("kubectl")
	if err != nil {
		t.Fatal(err)
	}
	names := append([]string{cluster.Shared.Name, cluster.Local.Name}, storage.Classes...)
	text, err := cases.Output(kubectl, append([]string{"--kubeconfig", kube.Kubeconfig(), "get", "storageclasses", "-o", "yaml"}, names...)...)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "classes.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// count has the numbers of ready and of Pending pods of a workload.
type count struct{ ready, pending int }

// steady returns the counts of each workload in the steady state.
func (v verdicts) steady() map[string]count {
	all := map[string]count{}
	for _, w := range v.Workloads {
		all[w.Name] = count{}
		for _, o := range w.Worst {
			if o.Event == "rest" {
				all[w.Name] = count{ready: o.After}
			}
		}
	}
	for _, p := range v.Pods {
		if c := all[p.Workload]; p.Node == "" {
			c.pending++
			all[p.Workload] = c
		}
	}
	return all
}

// scenario returns the scenario of an event on a target or an equivalent one.
func (v verdicts) scenario(event, target string) scenario {
	for _, s := range v.Scenarios {
		if s.Event == event && (s.Target == target || slices.Contains(s.Like, target)) {
			return s
		}
	}
	return scenario{ordered: ordered{Blocked: "the report has no such scenario"}}
}

// after returns the counts of each workload after a scenario. Workloads without an outcome are as in the steady state.
func (v verdicts) after(s ordered) map[string]count {
	all := maps.Clone(v.steady())
	pending := map[string]int{}
	for _, c := range s.Changes {
		if c.From == "" && c.To == "" {
			pending[c.Workload]++
		}
	}
	steady := map[string][]string{}
	for _, o := range v.scenario("rest", "").Outcomes {
		steady[o.Workload] = o.Pending
	}
	for _, o := range s.Outcomes {
		n, ok := pending[o.Workload]
		if !ok && slices.Equal(o.Pending, steady[o.Workload]) { // not affected
			n = all[o.Workload].pending
		}
		all[o.Workload] = count{o.After, n}
	}
	return all
}

// refuses reports whether the API server refuses pods in the steady state.
func (v verdicts) refuses() bool {
	return slices.ContainsFunc(v.scenario("rest", "").Outcomes, func(o outcomeOf) bool {
		return slices.ContainsFunc(o.Pending, func(why string) bool { return strings.HasPrefix(why, "new pods of ") })
	})
}

// least returns the smallest counts of each workload during a scenario.
func (v verdicts) least(event, target string) map[string]count {
	all := v.steady()
	for name, c := range all {
		all[name] = count{c.ready, 0}
	}
	for _, o := range v.scenario(event, target).Outcomes {
		all[o.Workload] = count{o.Least, 0}
	}
	return all
}

// checkPlaces: the report has the node of every running pod, and no node for a pod without one.
func checkPlaces(t *testing.T, v verdicts, pods []corev1.Pod) {
	t.Helper()
	nodes := map[string]string{}
	for _, p := range v.Pods {
		if p.Runs {
			nodes[p.Name] = p.Node
		} else if p.Node != "" {
			t.Errorf("verify places pod %s on %s, the scheduler has not placed it", p.Name, p.Node)
		}
	}
	for _, p := range pods {
		if p.Spec.NodeName != nodes[p.Name] {
			t.Errorf("pod %s is on node %q, verify reports %q", p.Name, p.Spec.NodeName, nodes[p.Name])
		}
	}
}

// countOf counts pods without Terminating ones.
func countOf(pods []corev1.Pod) (c count) {
	for _, p := range pods {
		switch {
		case p.DeletionTimestamp != nil:
		case p.Spec.NodeName == "":
			c.pending++
		case isReady(p):
			c.ready++
		}
	}
	return c
}

func isReady(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// isUnschedulable reports whether the scheduler has found no node for a pod.
func isUnschedulable(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Reason == corev1.PodReasonUnschedulable })
}
