package report

import (
	"cmp"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// New puts together what was found.
func New(c cluster.Cluster, claim Claim, s *workload.System, findings []rules.Finding, played survival.Result) Report {
	r := Report{Version: Version, Cluster: Cluster{Nodes: []Node{}, Zones: append([]string{}, c.Zones()...)}, Claim: claim.Survives, WithinSeconds: claim.Within.Seconds(),
		Workloads: []Workload{}, Pods: []Pod{}, Scenarios: []Scenario{}, Findings: []Finding{}, Assumed: []string{}, NotJudged: []string{}}
	for _, n := range c.Nodes {
		r.Cluster.Nodes = append(r.Cluster.Nodes, Node{Name: n.Name, Zone: n.Labels[cluster.ZoneLabel]})
	}
	promised := guarantee.Of(c, s)
	for i, w := range s.Workloads {
		row := newWorkload(w, played.Scenarios[0].Outcomes[i])
		row.Guarantee = newGuarantee(promised[i])
		r.Workloads = append(r.Workloads, row)
	}
	for _, p := range played.SteadyState {
		r.Pods = append(r.Pods, Pod{Name: p.Pod, Workload: p.Workload.String(), Node: p.Node, Why: p.Reason, Runs: p.Running})
	}
	for _, s := range played.Scenarios {
		r.add(s, stays(s, played.SteadyState))
	}
	for _, f := range findings {
		r.Findings = append(r.Findings, Finding{Rule: f.Rule.ID, File: f.Object.File, Line: f.Line(), Object: f.Object.String(), Message: f.Message,
			Protects: f.Rule.Protects, Fix: f.Rule.Fix, Ignored: f.Ignored})
	}
	for _, w := range s.Workloads {
		if w.Replication.Assumed {
			r.Assumed = append(r.Assumed, w.String()+" is "+string(w.Replication.Model)+": "+w.Replication.Why)
		}
	}
	for _, a := range s.Assumed {
		r.Assumed = append(r.Assumed, a.Object.At(a.Path...)+": "+a.Object.String()+": "+a.Text)
	}
	r.Assumed = append(r.Assumed, survival.Assumptions(c, s)...)
	for _, o := range s.Unsupported {
		r.NotJudged = append(r.NotJudged, o.String())
	}
	r.annotated(s.Workloads)
	r.Kept = r.kept()
	return r
}

func newWorkload(w *workload.Workload, rest survival.Outcome) Workload {
	return Workload{Name: w.String(), At: w.Object.At(), Replication: string(w.Replication.Model), Assumed: w.Replication.Assumed, Why: w.Replication.Why,
		Pods: rest.Pods, Needs: rest.Needs, Waiting: append([]string{}, rest.Pending...), Worst: []Worst{}}
}

// add is what a scenario says of itself and of each workload. Those in stays have pods on a node that is drained for ever.
func (r *Report) add(s survival.Scenario, stays map[*workload.Workload]bool) {
	now := Scenario{Event: string(s.Event), Target: s.Target, Like: s.Equivalent, Nodes: s.Nodes, Claimed: covers(r.Claim, string(s.Event)),
		Verdict: Serves, Stuck: s.Blocked, Outcomes: []Outcome{}, Changes: []Change{}}
	if s.Blocked != "" {
		now.Verdict = Stuck
	}
	for i, o := range s.Outcomes {
		e := effect(s, o, stays[o.Workload])
		if severity(e.Verdict) > severity(now.Verdict) {
			now.Verdict = e.Verdict
		}
		if touched(o) || e.Verdict != Serves {
			now.Outcomes = append(now.Outcomes, Outcome{Workload: o.Workload.String(), Effect: e})
		}
		r.worst(&r.Workloads[i], Worst{Event: now.Event, Target: now.Target, Effect: e})
	}
	for _, c := range s.Changes {
		now.Changes = append(now.Changes, Change{Pod: c.Pod, Workload: c.Workload.String(), From: c.From, To: c.To, Why: c.Reason})
	}
	r.Scenarios = append(r.Scenarios, now)
}

// worst keeps the worst that each event does to a workload, and of equals the first.
func (r *Report) worst(w *Workload, now Worst) {
	before := w.worst(now.Event)
	switch {
	case before == nil:
		w.Worst = append(w.Worst, now)
	case r.worse(now.Effect, before.Effect) > 0:
		*before = now
	}
}

// worse compares effects: by whether the claim allows them, by verdict, time and pods that are left.
func (r *Report) worse(a, b Effect) int {
	breaks := func(e Effect) int { return map[bool]int{false: 1}[r.keeps(e)] }
	return cmp.Or(cmp.Compare(breaks(a), breaks(b)), cmp.Compare(severity(a.Verdict), severity(b.Verdict)), cmp.Compare(a.RecoverySeconds, b.RecoverySeconds),
		cmp.Compare(b.Least, a.Least), cmp.Compare(b.After, a.After))
}

// touched tells whether anything happened to the workload.
func touched(o survival.Outcome) bool {
	return o.Least != o.Pods || o.After != o.Pods || o.Recovery != 0 || len(o.Pending) > 0
}

// effect is what becomes of a workload, some of whose pods stay on a drained node or not.
func effect(s survival.Scenario, o survival.Outcome, stays bool) Effect {
	e := Effect{Verdict: verdict(s, o, stays), Pods: o.Pods, Least: o.Least, After: o.After, Needs: o.Needs, Waiting: o.Pending}
	if o.Recovery > 0 {
		e.RecoverySeconds = float64(o.Recovery.Round(100*time.Millisecond)) / float64(time.Second)
	}
	return e
}
