package control

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	evidenceDir = flag.String("evidence", "", "write the comparison of verify with the control plane into this folder")
	seed        = flag.Uint64("seed", 1, "seed of the random systems in TestAgreement")
	systemCount = flag.Int("systems", agreement.Systems, "end of the random systems in TestAgreement")
	first       = flag.Int("first", 0, "first random system in TestAgreement")
	next        = flag.Bool("next", false, "run the next version of Kubernetes")
	atOnce      = flag.Int("at-once", 40, "number of random systems at a time in TestAgreement: fewer on a busy machine, because each node costs a heartbeat every ten seconds")
	only        = flag.String("system", "", "run TestAgreement on these systems only, like 7,12")
)

// agreed has all comparisons of a run.
var agreed agreement.Table

// TestAgreement compares the predictions of holdfast verify for random systems with the outcomes on the control plane. Many systems run
// concurrently, because they mostly wait.
func TestAgreement(t *testing.T) {
	t.Parallel()
	p := startPulse(t)
	var all sync.WaitGroup
	running := make(chan struct{}, *atOnce)
	for i := *first; i < *systemCount; i++ {
		s := agreement.Generate(*seed, i)
		if *only != "" && !slices.Contains(strings.Split(*only, ","), fmt.Sprint(i)) || *next && !s.Next {
			continue
		}
		all.Go(func() {
			running <- struct{}{}
			defer func() { <-running }()
			t.Run(s.Name, func(t *testing.T) { testAgreement(t, s, p) })
		})
	}
	all.Wait()
}

// trial is a random system during its comparison.
type trial struct {
	agreement.System
	t       *testing.T
	pulse   *pulse
	objects []cases.Object
	nodes   string                 // the file with its nodes in the steady state
	failed  map[string]bool        // its nodes without power
	since   map[string]metav1.Time // since when its nodes are Ready
	result  agreement.Case
}

func testAgreement(t *testing.T, s agreement.System, p *pulse) {
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
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	r.must(os.WriteFile(file, []byte(manifests), 0o644))
	r.nodes, r.since = writeNodes(t, s.Name), r.readySince()

	version, err := kube.Kube.Discovery().ServerVersion()
	r.must(err)
	before := runVerify(t, "-f", file, "-f", writeClasses(t), "--cluster", r.nodes, "--kube-version", version.Major+"."+version.Minor, "--survives", r.Requirement())
	r.objects, err = cases.Decode([]byte(manifests))
	r.must(err)
	for _, o := range r.objects {
		_, err := apply(t.Context(), s.Name, o)
		r.must(err)
	}
	if s.Unready {
		r.steady()
	} else {
		r.compare(agreement.Check{Event: agreement.Placement, Verify: r.counts(before.steady()), Proven: before.proven()}, r.orders(before), r.real)
	}
	r.applyLate()
	r.testRuns()
	for _, n := range s.Nodes {
		r.testDrain(n.Name)
	}
	for _, w := range s.Workloads {
		r.testRollout(w)
	}
	r.testFailure()
	agreed.Add(r.result)
	// Free resources for the other systems: each node costs a heartbeat every ten seconds.
	r.must(kube.Kube.CoreV1().Namespaces().Delete(t.Context(), s.Name, metav1.DeleteOptions{}))
	r.must(kube.Kube.CoreV1().Nodes().DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: ownNodes(s.Name)}))
}

// readySince returns since when each node is Ready; zero for one that is not.
func (r *trial) readySince() map[string]metav1.Time {
	r.t.Helper()
	found, err := kube.Kube.CoreV1().Nodes().List(r.t.Context(), metav1.ListOptions{LabelSelector: ownNodes(r.Name)})
	r.must(err)
	all := map[string]metav1.Time{}
	for _, n := range found.Items {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				all[n.Name] = c.LastTransitionTime
			}
		}
	}
	return all
}

// checkHeartbeats ends the test if a node with power was not Ready for a while: the machine was too busy for its heartbeats, and the control
// plane has evicted its pods.
func (r *trial) checkHeartbeats() {
	r.t.Helper()
	now := r.readySince()
	for name, since := range r.since {
		if again := now[name]; !r.failed[name] && !again.Equal(&since) {
			r.t.Fatalf("the heartbeat of node %s was late: the machine is too busy for a comparison; repeat with a smaller -at-once", name)
		}
	}
}

// verify runs verify on the running pods.
func (r *trial) verify() verdicts {
	r.t.Helper()
	return verifyRunning(r.t, r.Name, r.nodes, "--survives", r.Requirement())
}

func (r *trial) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// counts formats the numbers of ready and Pending pods of each workload: "a 2+1, b 3+0".
func (r *trial) counts(of map[string]count) string {
	var all []string
	for _, w := range r.Workloads {
		c := of[r.key(w)]
		all = append(all, fmt.Sprintf("%s %d+%d", w.Name, c.ready, c.pending))
	}
	return strings.Join(all, ", ")
}

// key returns verify's name of a workload.
func (r *trial) key(w agreement.Workload) string { return w.Kind + " " + r.Name + "/" + w.Name }

// real formats the counts of existing pods.
func (r *trial) real(pods []corev1.Pod) string {
	of := map[string]count{}
	for _, w := range r.Workloads {
		of[r.key(w)] = countOf(w.Own(pods))
	}
	return r.counts(of)
}

// compare waits for the outcome of an event and compares it with the prediction in c. If they differ, it checks for a tie; orders has the
// outcomes that verify names for other orders of events.
func (r *trial) compare(c agreement.Check, orders map[string]string, outcome func([]corev1.Pod) string) {
	r.t.Helper()
	c.Real = r.settle(c.Verify, outcome)
	r.note(c, orders)
}

func (r *trial) note(c agreement.Check, orders map[string]string) {
	r.t.Helper()
	if !c.Agrees() {
		r.checkHeartbeats()
		c.Tie = r.tie(c, orders)
		if c.Tie == "" {
			r.t.Errorf("%s %s: verify predicts %q, outcome on the control plane: %q; orders: %q", c.Event, c.Target, c.Verify, c.Real, orders)
		} else {
			r.t.Logf("%s %s: verify predicts %q, outcome on the control plane: %q; %s", c.Event, c.Target, c.Verify, c.Real, c.Tie)
		}
	}
	r.result.Checks = append(r.result.Checks, c)
}

// tie explains an outcome that verify did not predict, but names for another order of events, or confirms: from the placement after the
// event, it predicts no further change. Otherwise it returns "". An end that does not come is never confirmed, and neither is a worse outcome
// in which the API server refuses pods: no choice of the scheduler leads there.
func (r *trial) tie(c agreement.Check, orders map[string]string) string {
	r.t.Helper()
	if order, ok := orders[c.Real]; ok {
		return "verify names this outcome, if " + order
	}
	placement := slices.Contains([]string{agreement.Placement, agreement.Drain, agreement.Rollout}, c.Event)
	if !placement || strings.HasPrefix(c.Verify, agreement.Ends) && !strings.HasPrefix(c.Real, agreement.Ends) {
		return ""
	}
	now := verifyRunning(r.t, r.Name, writeNodes(r.t, r.Name))
	if r.counts(now.steady()) != r.real(r.pods()) || now.refuses() && c.Greener() {
		return ""
	}
	return "verify confirms this outcome from the pods as they are"
}
