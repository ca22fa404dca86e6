package verdict

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

const twoWorkloads = `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {replicas: 2, selector: {matchLabels: {app: api}},
  template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api, image: api}]}}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: logs}, spec: {selector: {matchLabels: {app: logs}},
  template: {metadata: {labels: {app: logs}}, spec: {containers: [{name: logs, image: logs}]}}}}
`

// reported is the report of what a scenario does to api, beside a daemon that goes on.
func reported(t *testing.T, survives string, event survival.Scenario, api survival.Outcome) report.Report {
	t.Helper()
	return decided(t, survives, 0, event, api)
}

func decided(t *testing.T, survives string, within time.Duration, event survival.Scenario, api survival.Outcome) report.Report {
	t.Helper()
	s := verifytest.Read(t, "two.yaml", twoWorkloads)
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
	q, err := ParseRequirement(survives, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Within = within
	return Decide(q, Evidence{Cluster: c, System: s, Guarantees: guarantee.Of(c, s), Simulation: survival.Result{
		SteadyState: []survival.Placement{{Pod: "api-1", Workload: s.Workloads[0], Node: "node-1"}, {Pod: "api-2", Workload: s.Workloads[0], Node: "node-2"},
			{Pod: "logs-1", Workload: s.Workloads[1], Node: "node-1"}, {Pod: "logs-2", Workload: s.Workloads[1], Node: "node-2"}},
		Scenarios: []survival.Scenario{{Event: survival.SteadyState, Outcomes: on(survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1})}, event},
	}})
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
		{"enough are left", lost, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, true},
		{"one takes over after an election", lost, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1, Recovery: 15 * time.Second}, report.Serves, true},
		{"others come", lost, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1, Recovery: 5 * time.Minute}, report.Recovers, false},
		{"nothing comes", lost, survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}, report.Stops, false},
		{"what comes does not serve before the node is back", lost, survival.Outcome{Pods: 2, Least: 0, After: 1, Needs: 1, Recovery: -1}, report.Stops, false},
		{"a pod waits while its node is lost", lost, survival.Outcome{Pods: 2, Least: 1, After: 1, Needs: 1, Pending: []string{"no room"}}, report.Serves, true},
		{"a drain that ends", drained, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, true},
		{"a pod is not evicted", refused, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Blocked, false},
		{"another is not evicted", moved, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, false},
		{"its roll hangs", hangs, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Blocked, false},
		{"another's roll hangs", others, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Serves, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reported(t, "node", test.event, test.api)
			if got := r.Workloads[0].WorstOf(string(test.event.Event)).Verdict; got != test.want {
				t.Errorf("the workload's verdict is %q, want %q", got, test.want)
			}
			if got := r.Workloads[1].WorstOf(string(test.event.Event)).Verdict; got == report.Stops || got == report.Recovers {
				t.Errorf("the other's verdict is %q", got)
			}
			if r.Kept != test.kept || r.Passed() != test.kept {
				t.Errorf("kept %v, fine %v, want %v", r.Kept, r.Passed(), test.kept)
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
			r := decided(t, "node", within, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, test.api)
			if want := within >= test.from; r.Kept != want || r.Passed() != want || (len(r.Breaches) == 0) != want || (len(r.Workloads[0].Failures) == 0) != want {
				t.Errorf("%s, within %s: kept %v, %d breaches, %d said, want kept %v", test.name, within, r.Kept, len(r.Breaches), len(r.Workloads[0].Failures), want)
			}
			if r := decided(t, "node", within, survival.Scenario{Event: survival.LoseZone, Target: "zone-1"}, test.api); !r.Kept {
				t.Errorf("%s, within %s: the claim is broken by what it is not about", test.name, within)
			}
		}
	}
	r := decided(t, "node", 2*time.Minute, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, back(0, 5*time.Minute))
	if got, want := r.Breaches[0].String(), "Deployment api stops, and serves again after 5m when node-1 is lost: 0 of 2 pods run, it takes 1; claimed: within 2m"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestWorstOfAClaim: what breaks the claim is worse than what does not, whatever its verdict.
func TestWorstOfAClaim(t *testing.T) {
	late, soon := report.Effect{Verdict: report.Serves, RecoverySeconds: 55}, report.Effect{Verdict: report.Recovers, RecoverySeconds: 5}
	if compare(30, late, soon) <= 0 {
		t.Error("what is back in time is worse than what is too late")
	}
	if compare(0, late, soon) >= 0 {
		t.Error("without a time, what goes on is worse than what stops")
	}
}

// TestClaimed: a claim is about one failure at a time, and that of a node is not about zones.
func TestClaimed(t *testing.T) {
	gone := survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}
	for event, claims := range map[survival.Event][]string{
		survival.LoseNode: {"node", "zone"}, survival.DrainNode: {"node", "zone"}, survival.Rollout: {"node", "zone"}, survival.LoseZone: {"zone"},
		survival.ScaleUp: nil, survival.LoseNodeInDrain: nil, survival.LoseNodeInRollout: nil,
	} {
		for _, claim := range []string{"node", "zone"} {
			r := reported(t, claim, survival.Scenario{Event: event, Target: "a, b"}, gone)
			if broken := slices.Contains(claims, claim); r.Kept == broken || r.Scenarios[1].Required != broken {
				t.Errorf("%s, %s stops it: kept %v, claimed %v", claim, event, r.Kept, r.Scenarios[1].Required)
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
	}{{6, 6, report.Serves}, {6, 5, report.Serves}, {6, 4, report.Recovers}, {2, 1, report.Serves}, {1, 0, report.Recovers}} {
		s := verifytest.Read(t, "two.yaml", twoWorkloads)
		s.Workloads[0].Replication.Model = workload.PerNode
		o := survival.Outcome{Workload: s.Workloads[0], Pods: test.pods, Least: test.least, After: test.pods, Needs: test.pods, Recovery: time.Minute}
		if got := verdict(roll, o, false); got != test.want {
			t.Errorf("%d of %d: %s, want %s", test.least, test.pods, got, test.want)
		}
		lost := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
		if got := verdict(lost, o, false); test.least < test.pods && got != report.Recovers {
			t.Errorf("%d of %d when a node is lost: %s", test.least, test.pods, got)
		}
	}
}

// TestNotGuaranteed: pods survive a node failure by their placement, and could all be on one node.
func TestNotGuaranteed(t *testing.T) {
	r := reported(t, "node", survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1})
	got := r.Workloads[0].NotGuaranteed
	if len(got) != 1 || got[0].Event != report.LoseNode || got[0].After != "" || got[0].Bound.Pods != 2 {
		t.Errorf("got %+v, want 2 pods on one node", got)
	}
	// What stops is not even survived by the current placement.
	r = reported(t, "node", survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1})
	if got := r.Workloads[0].NotGuaranteed; len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}
