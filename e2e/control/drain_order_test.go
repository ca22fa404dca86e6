package control

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var drainOrders = flag.Int("drain-orders", 12, "number of random systems in TestDrainOrder")

// drainPlan is the compared part of the JSON of holdfast drain-order.
type drainPlan struct {
	Outcome string
	Rounds  []struct{ Nodes, Drain []string }
	Nodes   []struct {
		Name, Blocked, BlockedNow string
		Now                       bool
		Round                     int
	}
}

// now returns why a node cannot be drained as the first one, "" if it can.
func (p drainPlan) now(node string) string {
	for _, n := range p.Nodes {
		if n.Name == node && !n.Now {
			return n.BlockedNow
		}
	}
	return ""
}

// counted are the drains of all systems.
var counted struct{ ended, blocked, ties atomic.Int64 }

// TestDrainOrder follows the orders of holdfast drain-order for random systems with kubectl drain: each drain of the order ends, and that of a
// node that is blocked does not. The systems are the next ones after those of TestAgreement, because both run at the same time.
func TestDrainOrder(t *testing.T) {
	t.Parallel()
	p := startPulse(t)
	var all sync.WaitGroup
	running := make(chan struct{}, *atOnce)
	for i := range *drainOrders {
		s := agreement.Generate(*seed, agreement.Systems+i)
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.Name) {
			continue
		}
		all.Go(func() {
			running <- struct{}{}
			defer func() { <-running }()
			t.Run(s.Name, func(t *testing.T) { testDrainOrder(t, s, p, []string{"1", "0", "2"}[i%3]) })
		})
	}
	all.Wait()
	t.Logf("%d drains ended and %d were blocked, as predicted; %d rounds were planned again, because the scheduler had placed pods otherwise",
		counted.ended.Load(), counted.blocked.Load(), counted.ties.Load())
}

func testDrainOrder(t *testing.T, s agreement.System, p *pulse, atOnce string) {
	r := &trial{System: s, t: t, pulse: p, failed: map[string]bool{}, result: agreement.Case{Name: s.Name, About: s.About}}
	manifests, err := s.Manifests()
	r.must(err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s\n%s", strings.Join(s.About, "\n"), manifests)
		}
	})
	r.must(kube.Namespace(t.Context(), s.Name))
	r.must(kube.AddNodes(t.Context(), s.Name, s.Nodes))
	r.nodes, r.since = writeNodes(t, s.Name), r.readySince()
	r.objects, err = cases.Decode([]byte(manifests))
	r.must(err)
	for _, o := range r.objects {
		_, err := apply(t.Context(), s.Name, o)
		r.must(err)
	}
	r.steady()
	r.applyLate()
	var left []string
	for _, n := range s.Nodes {
		left = append(left, n.Name)
	}
	plan := r.drainOrder(atOnce, left)
	for len(plan.Rounds) > 0 && !t.Failed() {
		next := plan.Rounds[0]
		plan.Rounds = plan.Rounds[1:]
		r.follow(next.Nodes, next.Drain, agreement.Ends, "")
		left = slices.DeleteFunc(left, func(n string) bool { return slices.Contains(next.Nodes, n) })
		if len(left) == 0 {
			break
		}
		// The order holds as placed: it is planned again if the scheduler has chosen other nodes, so that the next round is not possible.
		fresh := r.drainOrder(atOnce, left)
		if len(plan.Rounds) == 0 || slices.ContainsFunc(plan.Rounds[0].Nodes, func(n string) bool { return fresh.now(n) != "" }) || len(plan.Rounds[0].Nodes) > 1 {
			if len(plan.Rounds) > 0 && len(plan.Rounds[0].Nodes) == 1 {
				counted.ties.Add(1)
			}
			plan = fresh
		}
	}
	for _, n := range left {
		if t.Failed() {
			break
		}
		if why := r.drainOrder("1", left).now(n); why != "" {
			r.follow([]string{n}, []string{"kubectl drain " + n + " --ignore-daemonsets --delete-emptydir-data"}, notEnds, why)
		}
	}
	r.must(kube.Kube.CoreV1().Namespaces().Delete(t.Context(), s.Name, metav1.DeleteOptions{}))
	r.must(kube.Kube.CoreV1().Nodes().DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: ownNodes(s.Name)}))
}

// drainOrder runs holdfast drain-order on the running pods.
func (r *trial) drainOrder(atOnce string, nodes []string) (p drainPlan) {
	r.t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	var stderr bytes.Buffer
	cmd := exec.Command(string(holdfast), append([]string{"drain-order", "-o", "json", "--kubeconfig", kube.Kubeconfig(), "-n", r.Name, "--cluster", writeNodes(r.t, r.Name), "--at-once", atOnce}, nodes...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code > 1 {
		r.t.Fatalf("%v\n%s", err, stderr.String())
	}
	r.must(json.Unmarshal(out, &p))
	return p
}

// follow runs the commands of a round at the same time, until the state is final, and uncordons its nodes.
func (r *trial) follow(nodes, commands []string, want, why string) {
	r.t.Helper()
	kubectl, err := binaries.Path("kubectl")
	r.must(err)
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	var running sync.WaitGroup
	var failed atomic.Bool
	outputs := make([]bytes.Buffer, len(commands))
	for i, command := range commands {
		cmd := exec.CommandContext(ctx, kubectl, append(strings.Fields(command)[1:], "--kubeconfig", kube.Kubeconfig())...)
		cmd.Stdout, cmd.Stderr = &outputs[i], &outputs[i]
		running.Go(func() {
			if cmd.Run() != nil {
				failed.Store(true)
			}
		})
	}
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	got := r.settle(want, func([]corev1.Pod) string {
		select {
		case <-ended:
			return ends(!failed.Load())
		default:
			return notEnds
		}
	})
	cancel()
	<-ended
	switch {
	case got != want:
		r.checkHeartbeats()
		r.t.Errorf("%s: the drain %s, want %s (%s)", strings.Join(commands, "; "), got, want, why)
		for i := range outputs {
			r.t.Log(outputs[i].String())
		}
	case want == agreement.Ends:
		counted.ended.Add(int64(len(nodes)))
	default:
		counted.blocked.Add(1)
	}
	for _, n := range nodes {
		r.uncordon(n)
	}
	r.steady()
}
