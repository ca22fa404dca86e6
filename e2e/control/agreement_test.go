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
	evidenceDir = flag.String("evidence", "", "write what verify and the control plane agree on into this folder")
	seed        = flag.Uint64("seed", 1, "draw the systems of TestAgreement from this")
	drawn       = flag.Int("systems", 40, "how many systems TestAgreement draws")
	only        = flag.Int("system", -1, "the only system that TestAgreement draws")
)

// agreed is all that was compared by the tests of a run.
var agreed agreement.Table

// TestAgreement: holdfast verify says of systems that are drawn at random what the control plane does with them. All are tried at
// once, for most of it is waiting.
func TestAgreement(t *testing.T) {
	t.Parallel()
	beating := startPulse(t)
	var all sync.WaitGroup
	for i := range *drawn {
		if *only >= 0 && i != *only {
			continue
		}
		all.Go(func() {
			s := agreement.Generate(*seed, i)
			t.Run(s.Name, func(t *testing.T) { testAgreement(t, s, beating) })
		})
	}
	all.Wait()
}

// trial is a system on which verify and the control plane are compared.
type trial struct {
	agreement.System
	t       *testing.T
	pulse   *pulse
	objects []cases.Object
	nodes   string          // the file with its nodes, as they are at rest
	lost    map[string]bool // its nodes that have no power
	result  agreement.Case
}

func testAgreement(t *testing.T, s agreement.System, beating *pulse) {
	r := &trial{System: s, t: t, pulse: beating, lost: map[string]bool{}, result: agreement.Case{Name: s.Name, About: s.About}}
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
	r.nodes = writeNodes(t, s.Name)

	first := runVerify(t, "-f", file, "--cluster", r.nodes)
	r.objects, err = cases.Decode([]byte(manifests))
	r.must(err)
	for _, o := range r.objects {
		_, err := apply(t.Context(), s.Name, o)
		r.must(err)
	}
	r.compare(agreement.Check{Event: agreement.Placed, Verify: r.counts(first.rest())}, r.real)
	r.testRuns()
	for _, n := range s.Nodes {
		r.testDrain(n.Name)
	}
	for _, w := range s.Workloads {
		r.testRoll(w)
	}
	r.testLoss()
	agreed.Add(r.result)
	// The others can do without: each node costs the machine a heartbeat every ten seconds.
	r.must(kube.Kube.CoreV1().Namespaces().Delete(t.Context(), s.Name, metav1.DeleteOptions{}))
	r.must(kube.Kube.CoreV1().Nodes().DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: ownNodes(s.Name)}))
}

func (r *trial) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// counts is how many pods of each workload are ready and how many wait: "a 2+1, b 3+0".
func (r *trial) counts(of map[string]count) string {
	var all []string
	for _, w := range r.Workloads {
		c := of[r.key(w)]
		all = append(all, fmt.Sprintf("%s %d+%d", w.Name, c.ready, c.waits))
	}
	return strings.Join(all, ", ")
}

// key is what verify calls a workload.
func (r *trial) key(w agreement.Workload) string { return w.Kind + " " + r.Name + "/" + w.Name }

// real is what counts is, of what runs now.
func (r *trial) real(pods []corev1.Pod) string {
	of := map[string]count{}
	for _, w := range r.Workloads {
		of[r.key(w)] = countOf(w.Own(pods))
	}
	return r.counts(of)
}

// compare lets something come to its end, and holds it against what verify said. Where the end is another, verify is asked from there.
func (r *trial) compare(c agreement.Check, tell func([]corev1.Pod) string) {
	r.t.Helper()
	c.Real = r.settle(c.Verify, tell)
	r.note(c)
}

func (r *trial) note(c agreement.Check) {
	r.t.Helper()
	if !c.Agrees() {
		c.Tie = r.lot(c)
		if c.Tie == "" {
			r.t.Errorf("%s %s: verify says %q, the control plane does %q", c.Event, c.Target, c.Verify, c.Real)
		} else {
			r.t.Logf("%s %s: verify says %q, the control plane does %q: %s", c.Event, c.Target, c.Verify, c.Real, c.Tie)
		}
	}
	r.result.Checks = append(r.result.Checks, c)
}

// lot says why an end that verify did not say may be right all the same: verify begun there finds that it is one.
func (r *trial) lot(c agreement.Check) string {
	r.t.Helper()
	placing := slices.Contains([]string{agreement.Placed, agreement.Drain, agreement.Rollout}, c.Event)
	if !placing || strings.HasPrefix(c.Verify, agreement.Ends) != strings.HasPrefix(c.Real, agreement.Ends) {
		return ""
	}
	if said := r.counts(verifyRunning(r.t, r.Name, writeNodes(r.t, r.Name)).rest()); said != r.real(r.pods()) {
		return ""
	}
	return "from where the pods are, verify says it, too"
}
