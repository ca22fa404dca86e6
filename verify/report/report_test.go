package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/internal/table"
)

// sample is the report of an event that interrupts api, beside a DaemonSet that serves.
func sample(event, target string, api Effect) Report {
	api.Pods, api.Needs = 2, 1
	logs := Effect{Verdict: Serves, Pods: 2, Least: 2, After: 2, Needs: 2}
	worst := func(e Effect) []Worst {
		return []Worst{{Event: SteadyState, Effect: Effect{Verdict: Serves, Pods: e.Pods, Least: e.Pods, After: e.Pods, Needs: e.Needs}}, {Event: event, Target: target, Effect: e}}
	}
	r := Report{Version: Version, Requirement: "zone",
		Cluster: Cluster{Nodes: []Node{{Name: "node-1", Zone: "zone-1"}, {Name: "node-2", Zone: "zone-2"}}, Zones: []string{"zone-1", "zone-2"}},
		Workloads: []Workload{
			{Name: "Deployment api", At: "two.yaml:2", Replication: "stateless", Assumed: true, Why: "one ready pod serves", Pods: 2, Needs: 1, Worst: worst(api)},
			{Name: "DaemonSet logs", At: "two.yaml:5", Replication: "per-node", Why: "a DaemonSet", Pods: 2, Needs: 2, Worst: worst(logs)}},
		Pods: []Pod{{Name: "api-1", Workload: "Deployment api", Node: "node-1"}, {Name: "api-2", Workload: "Deployment api", Node: "node-2"},
			{Name: "logs-1", Workload: "DaemonSet logs", Node: "node-1"}, {Name: "logs-2", Workload: "DaemonSet logs", Node: "node-2"}},
		Scenarios: []Scenario{{Event: SteadyState, Required: true, Verdict: Serves},
			{Event: event, Target: target, Required: true, Verdict: api.Verdict, Outcomes: []Outcome{{"Deployment api", api}}}},
	}
	w := &r.Workloads[0]
	w.Failures = w.Worst[1:]
	r.Breaches = []Breach{{Workload: *w, Worst: w.Worst[1], Rule: RequirementRule(event)}}
	r.Failing = 1
	return r
}

// TestText: interruptions are written by the scenario that shows them, in lines that fit the terminal.
func TestText(t *testing.T) {
	long := "pod default/api-2 fits on no node: " + strings.Repeat("node(s) had untolerated taint {a: b}, ", 8)
	r := sample(LoseZone, "zone-2", Effect{Verdict: Recovers, After: 1, RecoverySeconds: 341, Pending: []string{long}})
	r.Workloads[1].Name = "DaemonSet " + strings.Repeat("a-long-name-", 6)
	var text strings.Builder
	if err := r.WriteText(&text, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 workloads on 2 nodes in 2 zones: 1 does not meet the requirement\n",
		"Deployment api  2     stateless?   down 5m41s\n",
		"\n                2     per-node     serves\n",
		"  when zone-2 fails, it is unavailable for 5m41s (at worst 0 of 2 pods ready, 1 needed; 1 ready in\n    the end)\n    pod default/api-2 fits",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, text.String())
		}
	}
	for line := range strings.Lines(text.String()) {
		if len(line) > table.Width+1 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	var coloured strings.Builder
	if err := r.WriteText(&coloured, TextOptions{Coloured: true}); err != nil {
		t.Fatal(err)
	}
	if plain := withoutColours.Replace(coloured.String()); plain != text.String() || coloured.String() == plain {
		t.Errorf("colours change the text:\n%s", coloured.String())
	}
}

var withoutColours = strings.NewReplacer("\x1b[0m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[1;31m", "", "\x1b[1;32m", "")

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0.5: "500ms", 1.5: "1.5s", 40: "40s", 60: "1m", 341: "5m41s", 3600: "1h", 3660: "1h1m"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v: %s, want %s", seconds, got, want)
		}
	}
}

// TestEffect: a blocked event is described by its kind, and an event without effect on a workload leaves its cell empty.
func TestEffect(t *testing.T) {
	blocked := Effect{Verdict: Blocked, Needs: 1}
	for event, want := range map[string]string{
		SteadyState: "has pods that stay Pending", ScaleUp: "has pods that stay Pending",
		DrainNode: "blocks the drain", Rollout: "does not complete the rollout",
	} {
		if got := blocked.effect(event); got != want {
			t.Errorf("%s: got %q, want %q", event, got, want)
		}
	}
	for reason, want := range map[string]string{
		"pod api-1 is not Ready: CrashLoopBackOff in container c": "has pods that are not Ready", "pod api-1: fits no node": "has pods that stay Pending",
	} {
		if got := (Effect{Verdict: Blocked, Needs: 1, Pending: []string{reason}}).effect(SteadyState); got != want {
			t.Errorf("%s: got %q, want %q", reason, got, want)
		}
	}
	for want, w := range map[string]*Worst{
		"-": {Effect: Effect{Verdict: Serves}}, "serves": {Effect: Effect{Verdict: Serves, Needs: 1}}, "blocked": {Effect: Effect{Verdict: Blocked}},
	} {
		if got := w.cell(); got != want {
			t.Errorf("%+v: the cell is %q, want %q", w.Effect, got, want)
		}
	}
}

// TestNotGuaranteed: text and page name the placements that a workload would not survive.
func TestNotGuaranteed(t *testing.T) {
	r := sample(LoseNode, "node-1", Effect{Verdict: Serves, Least: 1, After: 2})
	w := &r.Workloads[0]
	why := &NotGuaranteed{After: "rolled", Why: "2 of 2 pods may be on one node", Fix: "add a constraint"}
	w.WorstOf(LoseNode).NotGuaranteed = why
	w.Worst = append(w.Worst, Worst{Event: DrainNode, NotGuaranteed: why}, Worst{Event: Rollout, NotGuaranteed: &NotGuaranteed{Why: "no node is left"}})
	want := []string{"Deployment api, node failure and drain: after a rollout or scaling, 2 of 2 pods may be on one node. To guarantee it, add a constraint", "Deployment api, rollout: no node is left"}
	if got := r.notGuaranteed(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(page(t, r), r.notGuaranteed()[0]) {
		t.Error("the page does not contain it")
	}
}

// TestTextIsPlain: what a manifest contains neither controls the terminal nor is a command of a CI system.
func TestTextIsPlain(t *testing.T) {
	const evil = "a\n::error::forged\x1b[31m\u202e\r##[add-path]b"
	r := sample(LoseZone, evil, Effect{Verdict: Stops, Pending: []string{evil}})
	r.Workloads[0].Name, r.Workloads[0].Failures[0].Ignored = evil, evil
	r.Findings = []Finding{{File: "::error file=x", Line: 1, Object: evil, Message: evil, Rule: "a", Ignored: evil}}
	r.Assumed, r.Unsupported = []string{evil, evil}, []string{evil}
	var text strings.Builder
	if err := r.WriteText(&text, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(text.String(), "\n") {
		if strings.ContainsAny(line, "\x1b\r\u202e") || strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
			t.Errorf("%q", line)
		}
	}
}

// TestUnjudged: the headline names what is not judged, and ignored objects do not count.
func TestUnjudged(t *testing.T) {
	web := Workload{Name: "Deployment web", Pods: 2}
	unknown := Workload{Name: "StatefulSet db", Pods: 3, Replication: UnknownReplication}
	of := func(object, ignored string) Finding {
		return Finding{Rule: NotJudgedRule, Object: object, Ignored: ignored}
	}
	for _, test := range []struct {
		workloads []Workload
		findings  []Finding
		want      string
	}{
		{nil, []Finding{of("ConfigMap a", "")}, "no pods are known"},
		{[]Workload{web}, []Finding{of("Foo a", ""), of("Foo b", "it creates no pods")}, "the pods of Foo a are unknown"},
		{[]Workload{web}, []Finding{of("Foo a", ""), of("Foo b", "")}, "the pods of 2 objects are unknown"},
		{[]Workload{web, unknown}, nil, "the replication of StatefulSet db is unknown"},
		{[]Workload{unknown, unknown}, nil, "the replication of 2 workloads is unknown"},
	} {
		got := Report{Requirement: "node", Outcome: NotJudged, Workloads: test.workloads, Findings: test.findings}.Summary()
		if want := ": the requirement is not judged, because " + test.want; !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want %q at the end", got, want)
		}
	}
}
