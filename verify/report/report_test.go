package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

const twoWorkloads = `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {replicas: 2, selector: {matchLabels: {app: api}},
  template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api, image: api}]}}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: logs}, spec: {selector: {matchLabels: {app: logs}},
  template: {metadata: {labels: {app: logs}}, spec: {containers: [{name: logs, image: logs}]}}}}
`

func system(t *testing.T) *workload.System {
	t.Helper()
	objects, err := manifest.Parse("two.yaml", []byte(twoWorkloads))
	if err != nil {
		t.Fatal(err)
	}
	s, err := workload.Read(objects)
	if err == nil {
		err = s.SetReplication(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reported is the report of what a scenario does to api, beside a daemon that goes on.
func reported(t *testing.T, claim string, event survival.Scenario, api survival.Outcome) Report {
	t.Helper()
	return held(t, Claim{Survives: claim}, event, api)
}

func held(t *testing.T, claim Claim, event survival.Scenario, api survival.Outcome) Report {
	t.Helper()
	s := system(t)
	c, err := cluster.Uniform(2, 2)
	if err != nil {
		t.Fatal(err)
	}
	on := func(api survival.Outcome) []survival.Outcome {
		api.Workload = s.Workloads[0]
		return []survival.Outcome{api, {Workload: s.Workloads[1], Pods: 2, Least: 2, After: 2, Needs: 2}}
	}
	event.Outcomes = on(api)
	for i := range event.Changes {
		event.Changes[i].Workload = s.Workloads[0]
	}
	return New(c, claim, s, []rules.Finding{}, survival.Result{
		SteadyState: []survival.Placement{{Pod: "api-1", Workload: s.Workloads[0], Node: "node-1"}, {Pod: "api-2", Workload: s.Workloads[0], Node: "node-2"},
			{Pod: "logs-1", Workload: s.Workloads[1], Node: "node-1"}, {Pod: "logs-2", Workload: s.Workloads[1], Node: "node-2"}},
		Scenarios: []survival.Scenario{{Event: survival.SteadyState, Outcomes: on(survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1})}, event},
	})
}

func TestVerdicts(t *testing.T) {
	lost := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
	drained := survival.Scenario{Event: survival.DrainNode, Target: "node-1"}
	refused := survival.Scenario{Event: survival.DrainNode, Target: "node-1", Blocked: "a budget refuses"}
	others := survival.Scenario{Event: survival.Rollout, Target: "DaemonSet logs", Blocked: "there is no room"}
	hangs := survival.Scenario{Event: survival.Rollout, Target: "Deployment api", Blocked: "there is no room"}
	moved := refused
	moved.Changes = []survival.Change{{Pod: "api-1", From: "node-1", To: "node-2"}}
	for _, test := range []struct {
		name  string
		event survival.Scenario
		api   survival.Outcome
		want  string
		kept  bool
	}{
		{"enough are left", lost, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, Serves, true},
		{"one takes over after an election", lost, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1, Recovery: 15 * time.Second}, Serves, true},
		{"others come", lost, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1, Recovery: 5 * time.Minute}, Returns, false},
		{"nothing comes", lost, survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}, Stops, false},
		{"what comes does not serve before the node is back", lost, survival.Outcome{Pods: 2, Least: 0, After: 1, Needs: 1, Recovery: -1}, Stops, false},
		{"a pod waits while its node is lost", lost, survival.Outcome{Pods: 2, Least: 1, After: 1, Needs: 1, Pending: []string{"no room"}}, Serves, true},
		{"a drain that ends", drained, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, Serves, true},
		{"a pod is not evicted", refused, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, Stuck, false},
		{"another is not evicted", moved, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, Serves, false},
		{"its roll hangs", hangs, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, Stuck, false},
		{"another's roll hangs", others, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, Serves, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reported(t, "node", test.event, test.api)
			if got := r.Workloads[0].worst(string(test.event.Event)).Verdict; got != test.want {
				t.Errorf("the workload's verdict is %q, want %q", got, test.want)
			}
			if got := r.Workloads[1].worst(string(test.event.Event)).Verdict; got == Stops || got == Returns {
				t.Errorf("the other's verdict is %q", got)
			}
			if r.Kept != test.kept || r.Fine() != test.kept {
				t.Errorf("kept %v, fine %v, want %v", r.Kept, r.Fine(), test.kept)
			}
			if r := reported(t, "", test.event, test.api); !r.Kept {
				t.Error("a claim that nobody made is not kept")
			}
		})
	}
}

// TestWithin: with a time, a claim is kept by what serves again by then, and by nothing else; the longer the time, the more.
func TestWithin(t *testing.T) {
	back := func(least int, recovery time.Duration) survival.Outcome {
		return survival.Outcome{Pods: 2, Least: least, After: 2, Needs: 1, Recovery: recovery}
	}
	const never = time.Duration(1<<63 - 1)
	for _, test := range []struct {
		name string
		api  survival.Outcome
		from time.Duration // the shortest time that keeps the claim
	}{
		{"nothing stops", back(1, 0), time.Millisecond},
		{"a lease is taken over", back(1, 15*time.Second), 15 * time.Second},
		{"others come", back(0, 5*time.Minute), 5 * time.Minute},
		{"others come, nobody knows when", back(0, 0), never},
		{"nothing comes", survival.Outcome{Pods: 2, Needs: 1, Recovery: -1}, never},
	} {
		for _, within := range []time.Duration{time.Millisecond, 14 * time.Second, 15 * time.Second, 5*time.Minute - 1*time.Second, 5 * time.Minute, time.Hour} {
			r := held(t, Claim{"node", within}, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, test.api)
			if want := within >= test.from; r.Kept != want || r.Fine() != want || (len(r.breaches()) == 0) != want || (len(r.broken(r.Workloads[0])) == 0) != want {
				t.Errorf("%s, within %s: kept %v, %d breaches, %d said, want kept %v", test.name, within, r.Kept, len(r.breaches()), len(r.broken(r.Workloads[0])), want)
			}
			if r := held(t, Claim{"node", within}, survival.Scenario{Event: survival.LoseZone, Target: "zone-1"}, test.api); !r.Kept {
				t.Errorf("%s, within %s: the claim is broken by what it is not about", test.name, within)
			}
		}
	}
	r := held(t, Claim{"node", 2 * time.Minute}, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, back(0, 5*time.Minute))
	if got, want := r.breaches()[0].String(), "Deployment api stops, and serves again after 5m when node-1 is lost: 0 of 2 pods run, it takes 1; claimed: within 2m"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestWorstOfAClaim: what breaks the claim is worse than what does not, whatever its verdict.
func TestWorstOfAClaim(t *testing.T) {
	r := Report{Claim: "node", WithinSeconds: 30}
	late, soon := Effect{Verdict: Serves, RecoverySeconds: 55}, Effect{Verdict: Returns, RecoverySeconds: 5}
	if r.worse(late, soon) <= 0 {
		t.Error("what is back in time is worse than what is too late")
	}
	if r.WithinSeconds = 0; r.worse(late, soon) >= 0 {
		t.Error("without a time, what goes on is worse than what stops")
	}
}

// TestClaimed: a claim is about one failure at a time, and that of a node is not about zones.
func TestClaimed(t *testing.T) {
	gone := survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}
	for event, claims := range map[survival.Event][]string{
		survival.LoseNode: Claims, survival.DrainNode: Claims, survival.Rollout: Claims, survival.LoseZone: {"zone"},
		survival.ScaleUp: nil, survival.LoseNodeInDrain: nil, survival.LoseNodeInRollout: nil,
	} {
		for _, claim := range Claims {
			r := reported(t, claim, survival.Scenario{Event: event, Target: "a, b"}, gone)
			if broken := slices.Contains(claims, claim); r.Kept == broken || r.Scenarios[1].Claimed != broken {
				t.Errorf("%s, %s stops it: kept %v, claimed %v", claim, event, r.Kept, r.Scenarios[1].Claimed)
			}
		}
	}
}

// TestNodeAfterNode: a DaemonSet that replaces its pods one by one keeps a claim; two at a time do not, nor does the only one.
func TestNodeAfterNode(t *testing.T) {
	roll := survival.Scenario{Event: survival.Rollout, Target: "Deployment api"}
	for _, test := range []struct {
		pods, least int
		want        string
	}{{6, 6, Serves}, {6, 5, Serves}, {6, 4, Returns}, {2, 1, Serves}, {1, 0, Returns}} {
		s := system(t)
		s.Workloads[0].Replication.Model = workload.PerNode
		o := survival.Outcome{Workload: s.Workloads[0], Pods: test.pods, Least: test.least, After: test.pods, Needs: test.pods, Recovery: time.Minute}
		if got := verdict(roll, o, false); got != test.want {
			t.Errorf("%d of %d: %s, want %s", test.least, test.pods, got, test.want)
		}
		lost := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
		if got := verdict(lost, o, false); test.least < test.pods && got != Returns {
			t.Errorf("%d of %d when a node is lost: %s", test.least, test.pods, got)
		}
	}
}

// TestText: what fails is told by the scenario that shows it, in lines that fit.
func TestText(t *testing.T) {
	long := "pod default/api-2 fits on no node: " + strings.Repeat("node(s) had untolerated taint {a: b}, ", 8)
	r := reported(t, "zone", survival.Scenario{Event: survival.LoseZone, Target: "zone-2"},
		survival.Outcome{Pods: 2, Least: 0, After: 1, Needs: 1, Recovery: 341 * time.Second, Pending: []string{long}})
	r.Workloads[1].Name = "DaemonSet " + strings.Repeat("a-long-name-", 6)
	var text strings.Builder
	if err := r.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 workloads on 2 nodes in 2 zones: one does not survive all that is claimed\n",
		"Deployment api  2     stateless?   down 5m41s\n",
		"\n                2     per-node     serves\n",
		"  when zone-2 is lost, it stops, and serves again after 5m41s (at worst 0 of 2 pods run, it needs 1;\n    then 1)\n    pod default/api-2 fits",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("there is no %q in:\n%s", want, text.String())
		}
	}
	for line := range strings.Lines(text.String()) {
		if len(line) > width+1 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	var coloured strings.Builder
	if err := r.WriteText(&coloured, true); err != nil {
		t.Fatal(err)
	}
	if plain := withoutColours.Replace(coloured.String()); plain != text.String() || coloured.String() == plain {
		t.Errorf("in colours it says:\n%s", coloured.String())
	}
}

var withoutColours = strings.NewReplacer("\x1b[0m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[1;31m", "", "\x1b[1;32m", "")

func TestTook(t *testing.T) {
	for seconds, want := range map[float64]string{0.5: "500ms", 1.5: "1.5s", 40: "40s", 60: "1m", 341: "5m41s", 3600: "1h", 3660: "1h1m"} {
		if got := took(seconds); got != want {
			t.Errorf("%v: %s, want %s", seconds, got, want)
		}
	}
}

// TestLuck: the loss of a node that stops nothing, of pods that may as well have been on it all.
func TestLuck(t *testing.T) {
	r := reported(t, "node", survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1})
	if got, want := r.lucky(), []string{"Deployment api: 2 of 2 pods may be on one node (no constraint keeps all 2 off the same node)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(page(t, r), r.lucky()[0]) {
		t.Error("the page does not say so")
	}
	// What stops is no luck.
	r = reported(t, "node", survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1})
	if got := r.lucky(); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

// TestBecomes: pods that find no node are no drain that does not end, and where nobody is served nothing is said.
func TestBecomes(t *testing.T) {
	stuck := Effect{Verdict: Stuck, Needs: 1}
	for event, want := range map[survival.Event]string{
		survival.SteadyState: "has pods that find no node", survival.ScaleUp: "has pods that find no node",
		survival.DrainNode: "does not come to an end", survival.Rollout: "does not come to an end",
	} {
		if got := stuck.becomes(string(event)); got != want {
			t.Errorf("%s: it %s: want %q", event, got, want)
		}
	}
	for want, w := range map[string]*Worst{
		"-": {Effect: Effect{Verdict: Serves}}, Serves: {Effect: Effect{Verdict: Serves, Needs: 1}}, Stuck: {Effect: Effect{Verdict: Stuck}},
	} {
		if got := w.cell(); got != want {
			t.Errorf("%+v: the cell is %q, want %q", w.Effect, got, want)
		}
	}
}
