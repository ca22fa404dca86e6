package control

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	corev1 "k8s.io/api/core/v1"
)

// verdicts is the part of a report of verify that is compared.
type verdicts struct {
	Workloads []struct{ Name string }
	Pods      []struct {
		Name, Workload, Node string
		Runs                 bool
	}
	Scenarios []scenario
}

type scenario struct {
	Event, Target, Stuck string
	Like                 []string
	Outcomes             []struct {
		Workload     string
		Least, After int
		Waiting      []string
	}
	Changes []struct{ Workload, From, To string }
}

// slots keep tests that verify at once from taking all the memory. They are more than processors: on a busy machine most of the
// time goes by until a program has begun.
var slots = make(chan struct{}, 16)

// runVerify runs holdfast verify.
func runVerify(t *testing.T, flags ...string) verdicts {
	t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	var complaints bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"verify", "-o", "json"}, flags...)...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 1 {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var v verdicts
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// verifyRunning is what verify says of what runs in a namespace now, on the nodes in a file.
func verifyRunning(t *testing.T, namespace, nodes string) verdicts {
	t.Helper()
	return runVerify(t, "--kubeconfig", kube.Kubeconfig(), "-n", namespace, "--cluster", nodes)
}

// writeNodes writes the nodes of a namespace as they are into a file.
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

// count is how many pods of a workload are ready, and how many wait for a node.
type count struct{ ready, waits int }

// rest is how many pods of each workload are on nodes at rest.
func (v verdicts) rest() map[string]count {
	all := map[string]count{}
	for _, w := range v.Workloads {
		all[w.Name] = count{}
	}
	for _, p := range v.Pods {
		c := all[p.Workload]
		if p.Node == "" {
			c.waits++
		} else {
			c.ready++
		}
		all[p.Workload] = c
	}
	return all
}

// scenario is the one of that event to which the same happens as to a target.
func (v verdicts) scenario(event, target string) scenario {
	for _, s := range v.Scenarios {
		if s.Event == event && (s.Target == target || slices.Contains(s.Like, target)) {
			return s
		}
	}
	return scenario{Stuck: "it was not played"}
}

// after is what there is of each workload in the end of a scenario; those that it does not touch are as at rest.
func (v verdicts) after(s scenario) map[string]count {
	all := maps.Clone(v.rest())
	waits := map[string]int{}
	for _, c := range s.Changes {
		if c.From == "" && c.To == "" {
			waits[c.Workload]++
		}
	}
	for _, o := range s.Outcomes {
		n, told := waits[o.Workload]
		if len(o.Waiting) > 0 && !told { // the same as at rest
			n = all[o.Workload].waits
		}
		all[o.Workload] = count{o.After, n}
	}
	return all
}

// least is how many pods of each workload are left in the worst moment.
func (v verdicts) least(event, target string) map[string]count {
	all := v.rest()
	for name, c := range all {
		all[name] = count{c.ready, 0}
	}
	for _, o := range v.scenario(event, target).Outcomes {
		all[o.Workload] = count{o.Least, 0}
	}
	return all
}

// checkPlaces: every pod that runs is where it is, by its name, and verify has placed none that is on no node.
func checkPlaces(t *testing.T, v verdicts, pods []corev1.Pod) {
	t.Helper()
	said := map[string]string{}
	for _, p := range v.Pods {
		if p.Runs {
			said[p.Name] = p.Node
		} else if p.Node != "" {
			t.Errorf("verify places pod %s on %s, which the scheduler does not", p.Name, p.Node)
		}
	}
	for _, p := range pods {
		if p.Spec.NodeName != said[p.Name] {
			t.Errorf("pod %s is on %q, verify says %q", p.Name, p.Spec.NodeName, said[p.Name])
		}
	}
}

// countOf counts pods, but those that are about to go.
func countOf(pods []corev1.Pod) (c count) {
	for _, p := range pods {
		switch {
		case p.DeletionTimestamp != nil:
		case p.Spec.NodeName == "":
			c.waits++
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

// isRefused tells whether the scheduler has found no node for a pod.
func isRefused(p corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Reason == corev1.PodReasonUnschedulable })
}
