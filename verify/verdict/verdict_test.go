package verdict

import (
	"fmt"
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

// reported returns the report of a scenario that affects api, beside a DaemonSet that keeps serving.
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
	if event.Event == survival.DrainNode && event.Blocked != "" && event.Blockers == nil {
		event.Blockers = s.Workloads[:1]
	}
	q, err := ParseRequirement(survives, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Within, q.AsPlaced = within, true
	return Decide(q, Evidence{Cluster: c, System: s, Guarantees: guarantee.Of(c, s), Simulation: survival.Result{
		SteadyState: []survival.Placement{{Pod: "api-1", Workload: s.Workloads[0], Node: "node-1"}, {Pod: "api-2", Workload: s.Workloads[0], Node: "node-2"},
			{Pod: "logs-1", Workload: s.Workloads[1], Node: "node-1"}, {Pod: "logs-2", Workload: s.Workloads[1], Node: "node-2"}},
		Scenarios: []survival.Scenario{{Event: survival.SteadyState, Outcomes: on(survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1})}, event},
	}})
}

func TestVerdicts(t *testing.T) {
	failed := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
	drained := survival.Scenario{Event: survival.DrainNode, Target: "node-1"}
	refused := survival.Scenario{Event: survival.DrainNode, Target: "node-1", Blocked: "a budget refuses"}
	others := survival.Scenario{Event: survival.Rollout, Target: "DaemonSet logs", Blocked: "no capacity"}
	blocked := survival.Scenario{Event: survival.Rollout, Target: "Deployment api", Blocked: "no capacity"}
	moved := refused
	moved.Blockers = []*workload.Workload{}
	moved.Changes = []survival.Change{{Pod: "api-1", From: "node-1", To: "node-2"}}
	for _, test := range []struct {
		name  string
		event survival.Scenario
		api   survival.Outcome
		want  string
		kept  bool
	}{
		{"enough pods are left", failed, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, true},
		{"failover after an election", failed, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1, Recovery: 15 * time.Second}, report.Serves, true},
		{"replacements recover it", failed, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1, Recovery: 5 * time.Minute}, report.Recovers, false},
		{"there is no replacement", failed, survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}, report.Stops, false},
		{"replacements are not enough", failed, survival.Outcome{Pods: 2, Least: 0, After: 1, Needs: 1, Recovery: -1}, report.Stops, false},
		{"a pod is Pending while its node is down", failed, survival.Outcome{Pods: 2, Least: 1, After: 1, Needs: 1, Pending: []string{"no capacity"}}, report.Serves, true},
		{"a drain completes", drained, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, true},
		{"its pod is not evicted", refused, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Blocked, false},
		{"the pod of another workload is not evicted", moved, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1}, report.Serves, false},
		{"its rollout is blocked", blocked, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Blocked, false},
		{"the rollout of another workload is blocked", others, survival.Outcome{Pods: 2, Least: 2, After: 2, Needs: 1}, report.Serves, false},
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
				t.Errorf("kept %v, passed %v, want %v", r.Kept, r.Passed(), test.kept)
			}
			if r := reported(t, "", test.event, test.api); !r.Kept {
				t.Error("an empty requirement is broken")
			}
		})
	}
}

// TestWithin: a requirement with a limit is kept by a workload that serves again within it, and by no other.
func TestWithin(t *testing.T) {
	back := func(least int, recovery time.Duration) survival.Outcome {
		return survival.Outcome{Pods: 2, Least: least, After: 2, Needs: 1, Recovery: recovery}
	}
	const never = time.Duration(1<<63 - 1)
	for _, test := range []struct {
		name string
		api  survival.Outcome
		from time.Duration // the shortest limit that keeps the requirement
	}{
		{"it keeps serving", back(1, 0), time.Millisecond},
		{"failover of a lease", back(1, 15*time.Second), 15 * time.Second},
		{"replacements recover it", back(0, 5*time.Minute), 5 * time.Minute},
		{"replacements recover it after an unknown time", back(0, 0), never},
		{"there is no replacement", survival.Outcome{Pods: 2, Needs: 1, Recovery: -1}, never},
	} {
		for _, within := range []time.Duration{time.Millisecond, 14 * time.Second, 15 * time.Second, 5*time.Minute - 1*time.Second, 5 * time.Minute, time.Hour} {
			r := decided(t, "node", within, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, test.api)
			if want := within >= test.from; r.Kept != want || r.Passed() != want || (len(r.Breaches) == 0) != want || (len(r.Workloads[0].Failures) == 0) != want {
				t.Errorf("%s, within %s: kept %v, %d breaches, %d failures, want kept %v", test.name, within, r.Kept, len(r.Breaches), len(r.Workloads[0].Failures), want)
			}
			if r := decided(t, "node", within, survival.Scenario{Event: survival.LoseZone, Target: "zone-1"}, test.api); !r.Kept {
				t.Errorf("%s, within %s: an event beyond the requirement breaks it", test.name, within)
			}
		}
	}
	r := decided(t, "node", 2*time.Minute, survival.Scenario{Event: survival.LoseNode, Target: "node-1"}, back(0, 5*time.Minute))
	if got, want := r.Breaches[0].String(), "Deployment api is unavailable for 5m when node-1 fails: at worst 0 of 2 pods ready, 1 needed; required: within 2m"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestCompare: an effect that breaks the requirement is worse than one that does not, whatever the verdicts.
func TestCompare(t *testing.T) {
	late, soon := report.Effect{Verdict: report.Serves, RecoverySeconds: 55}, report.Effect{Verdict: report.Recovers, RecoverySeconds: 5}
	if compare(30, late, soon) <= 0 {
		t.Error("a recovery within the limit is worse than a late one")
	}
	if compare(0, late, soon) >= 0 {
		t.Error("without a limit, serving is worse than an outage")
	}
}

// TestCovers: a requirement covers one failure at a time, and zone failures only if it names them.
func TestCovers(t *testing.T) {
	gone := survival.Outcome{Pods: 2, Least: 0, After: 0, Needs: 1, Recovery: -1}
	for event, covering := range map[survival.Event][]string{
		survival.LoseNode: {"node", "zone"}, survival.DrainNode: {"node", "zone"}, survival.Rollout: {"node", "zone"}, survival.LoseZone: {"zone"},
		survival.ScaleUp: nil, survival.LoseNodeInDrain: nil, survival.LoseNodeInRollout: nil,
	} {
		for _, requirement := range []string{"node", "zone"} {
			r := reported(t, requirement, survival.Scenario{Event: event, Target: "a, b"}, gone)
			if broken := slices.Contains(covering, requirement); r.Kept == broken || r.Scenarios[1].Required != broken {
				t.Errorf("%s, interrupted by %s: kept %v, required %v", requirement, event, r.Kept, r.Scenarios[1].Required)
			}
		}
	}
}

// TestNodeByNode: a DaemonSet serves during a rollout that replaces one of several pods at a time.
func TestNodeByNode(t *testing.T) {
	rollout := survival.Scenario{Event: survival.Rollout, Target: "Deployment api"}
	for _, test := range []struct {
		pods, least int
		want        string
	}{{6, 6, report.Serves}, {6, 5, report.Serves}, {6, 4, report.Recovers}, {2, 1, report.Serves}, {1, 0, report.Recovers}} {
		s := verifytest.Read(t, "two.yaml", twoWorkloads)
		s.Workloads[0].Replication.Model = workload.PerNode
		o := survival.Outcome{Workload: s.Workloads[0], Pods: test.pods, Least: test.least, After: test.pods, Needs: test.pods, Recovery: time.Minute}
		if got := verdict(rollout, o); got != test.want {
			t.Errorf("%d of %d: %s, want %s", test.least, test.pods, got, test.want)
		}
		failed := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
		if got := verdict(failed, o); test.least < test.pods && got != report.Recovers {
			t.Errorf("%d of %d after a node failure: %s", test.least, test.pods, got)
		}
	}
}

// TestAsPlaced: pods survive a node failure by their placement, and could all be on one node. That is accepted if the requirement
// says so, or if it is ignored.
func TestAsPlaced(t *testing.T) {
	failed := survival.Scenario{Event: survival.LoseNode, Target: "node-1"}
	r := reported(t, "node", failed, survival.Outcome{Pods: 2, Least: 1, After: 2, Needs: 1})
	got := r.Workloads[0].WorstOf(report.LoseNode).NotGuaranteed
	if got == nil || got.Why != "2 of 2 pods may be on one node (no constraint keeps them on different nodes)" ||
		got.Fix != "add a required topology spread over kubernetes.io/hostname: maxSkew 1, minDomains 2, nodeTaintsPolicy Honor and matchLabelKeys [pod-template-hash]" {
		t.Errorf("got %+v, want 2 pods on one node and a spread", got)
	}
	if r.Outcome != report.AsPlaced || !r.Kept || len(r.Breaches) > 0 {
		t.Errorf("accepted: outcome %q, kept %v, %d breaches", r.Outcome, r.Kept, len(r.Breaches))
	}
	r.AsPlaced = false
	conclude(&r)
	if r.Outcome != report.AsPlaced || r.Kept || r.Passed() || len(r.Breaches) != 1 || !r.Breaches[0].AsPlaced || r.Breaches[0].Rule != "claim-lose-node" {
		t.Errorf("not accepted: outcome %q, kept %v, breaches %v", r.Outcome, r.Kept, r.Breaches)
	}
	if before := r; !Since(r, before).Passed() {
		t.Error("a known breach counts again")
	}
	ignored := Ignore(r, func(rule, object string) (reason, at string) {
		return map[string]string{"claim-lose-node Deployment api": "one node is enough"}[rule+" "+object], ""
	})
	if ignored.Outcome != report.Proven || !ignored.Kept || !ignored.Excepted {
		t.Errorf("ignored: outcome %q, kept %v", ignored.Outcome, ignored.Kept)
	}
	// A workload that stops does not survive by its current placement either.
	r = reported(t, "node", failed, survival.Outcome{Pods: 2, Least: 0, After: 2, Needs: 1, Recovery: -1})
	if got := r.Workloads[0].WorstOf(report.LoseNode).NotGuaranteed; got != nil || r.Outcome != report.NotMet {
		t.Errorf("got %+v, outcome %q", got, r.Outcome)
	}
}

// TestNotJudged: a requirement about no workload, or beside an object that may create pods, is not judged, unless that is ignored.
func TestNotJudged(t *testing.T) {
	const custom = "{apiVersion: example.org/v1, kind: Engine, metadata: {name: e%s}}\n---\n"
	const settings = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n---\n"
	const one = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: logs}, spec: {selector: {matchLabels: {app: logs}}, template: {metadata: {labels: {app: logs}}, spec: {containers: [{name: logs, image: logs}]}}}}\n---\n"
	reason := fmt.Sprintf(custom, ", annotations: {holdfast-ha.github.io/ignore-claim-not-judged: makes no pods}")
	for _, c := range []struct {
		name, text, outcome string
		findings            int
	}{
		{"no workload", settings, report.NotJudged, 1},
		{"a custom resource alone", fmt.Sprintf(custom, ""), report.NotJudged, 1},
		{"an ignored custom resource alone", reason, report.NotJudged, 0},
		{"a workload", one, report.Proven, 0},
		{"beside a custom resource", one + fmt.Sprintf(custom, ""), report.NotJudged, 1},
		{"beside an ignored custom resource", one + reason, report.Proven, 0},
	} {
		r := verified(t, c.text, "node")
		counted := 0
		for _, f := range r.Findings {
			if f.Rule == report.NotJudgedRule && f.Ignored == "" {
				counted++
			}
		}
		if r.Outcome != c.outcome || r.Kept != (c.outcome == report.Proven) || counted != c.findings {
			t.Errorf("%s: outcome %q, kept %v, %d findings; want %q and %d", c.name, r.Outcome, r.Kept, counted, c.outcome, c.findings)
		}
		if r := verified(t, c.text, ""); r.Outcome != "" || !r.Kept || len(r.Findings) > 0 {
			t.Errorf("%s: without a requirement the outcome is %q, with findings %v", c.name, r.Outcome, r.Findings)
		}
	}
}

// verified returns the report of some objects on three nodes.
func verified(t *testing.T, text, survives string) report.Report {
	t.Helper()
	s := verifytest.Read(t, "a.yaml", text)
	c, err := cluster.Uniform(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	q, err := ParseRequirement(survives, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := survival.Simulate(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	return Decide(q, Evidence{Cluster: c, System: s, Guarantees: guarantee.Of(c, s), Simulation: result})
}
