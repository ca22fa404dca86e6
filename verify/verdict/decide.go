package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/rules"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Evidence has the results of rules, guarantees and simulation for a system on a cluster.
type Evidence struct {
	Cluster  cluster.Cluster
	System   *workload.System
	Findings []rules.Finding
	// Guarantees has one guarantee for each workload of the system, in its order.
	Guarantees []guarantee.Guarantee
	Simulation survival.Result
}

// Decide returns the report on the evidence, for a requirement. It applies the annotations that ignore rules and breaches.
func Decide(q Requirement, e Evidence) report.Report {
	r := newReport(e)
	r.Requirement, r.WithinSeconds, r.AsPlaced = q.String(), q.Within.Seconds(), q.AsPlaced
	steady, remedies := e.Simulation.Scenarios[0], remedies(e.System)
	for i, w := range e.System.Workloads {
		r.Workloads = append(r.Workloads, newWorkload(w, steady.Outcomes[i], e.Guarantees[i]))
		r.Workloads[i].Remedy = remedies[i]
	}
	for _, p := range e.Simulation.SteadyState {
		r.Pods = append(r.Pods, report.Pod{Name: p.Pod, Workload: p.Workload.String(), Node: p.Node, Why: p.Reason, Runs: p.Running})
	}
	order := newOrder(steady.Outcomes)
	for i, s := range e.Simulation.Scenarios {
		first := i == 0 || s.Event != e.Simulation.Scenarios[i-1].Event
		addScenario(&r, q, s, order, first)
	}
	for i, g := range e.Guarantees {
		addNotGuaranteed(&r.Workloads[i], q, e.Cluster, g)
	}
	r.Findings = append(r.Findings, ownFindings(q, e, r)...)
	r.Assumed = append(r.Assumed, survival.Assumptions(e.Cluster, e.System)...)
	for _, w := range r.Workloads {
		if w.Replication == report.PerNode && w.Pods == 0 {
			r.Assumed = append(r.Assumed, w.Name+": no node accepts a pod of it, so that none is simulated. Its node selector, affinity or tolerations may match real nodes: pass them with --cluster.")
		}
	}
	if len(e.Simulation.Omitted) > 0 {
		r.Assumed = append(r.Assumed, "The failure of a node during a drain or a rollout is not simulated: the system is too large. Verify fewer manifests at a time to include it.")
	}
	r.RequirementRules = requirementRules(e.Cluster.FailureDomains())
	ignoreAnnotated(&r, e.System.Workloads)
	conclude(&r)
	return r
}

// DecideRules returns the report on the findings alone, without a simulation. It applies the annotations that ignore rules.
func DecideRules(e Evidence) report.Report {
	r := newReport(e)
	r.RulesOnly = true
	for _, w := range e.System.Workloads {
		r.Workloads = append(r.Workloads, newWorkload(w, survival.Outcome{Pods: w.Replicas, Needs: w.Replication.Needs(w.Replicas)}, guarantee.Guarantee{}))
	}
	conclude(&r)
	return r
}

// newReport returns a report with the facts that need no simulation, and no workloads.
func newReport(e Evidence) report.Report {
	r := report.Report{Version: report.Version, Cluster: newCluster(e.Cluster),
		Workloads: []report.Workload{}, Pods: []report.Pod{}, Scenarios: []report.Scenario{}, Findings: []report.Finding{}, Assumed: []string{}, Unsupported: []string{}}
	for _, f := range e.Findings {
		r.Findings = append(r.Findings, report.Finding{Rule: f.Rule.ID, File: f.Object.File, Line: f.Line(), Object: f.Object.String(), Message: f.Message,
			Severity: string(f.Rule.Severity), Protects: f.Rule.Protects, Fix: f.Fix, Ignored: f.Ignored})
	}
	for _, w := range e.System.Workloads {
		if w.Replication.Assumed {
			r.Assumed = append(r.Assumed, w.String()+" is "+w.Replication.String()+": "+w.Replication.Why)
		}
	}
	for _, a := range e.System.Assumed {
		r.Assumed = append(r.Assumed, a.Object.At(a.Path...)+": "+a.Object.String()+": "+a.Text)
	}
	if text := withoutPods(e.System.WithoutPods); text != "" {
		r.Assumed = append(r.Assumed, text)
	}
	for _, o := range e.System.Unsupported {
		r.Unsupported = append(r.Unsupported, o.String())
	}
	for _, rule := range rules.All() {
		r.Rules = append(r.Rules, report.Rule{ID: rule.ID, Severity: string(rule.Severity), Protects: rule.Protects, Fix: rule.Fix})
	}
	r.Rules = append(r.Rules, ownRules...)
	return r
}

// withoutPods returns one sentence for all custom resources that create no pods, "" without any.
func withoutPods(all []*manifest.Object) string {
	var kinds []string
	for _, o := range all {
		kinds = append(kinds, o.Kind)
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	switch len(all) {
	case 0:
		return ""
	case 1:
		return "1 custom resource is of a kind that creates no pods: " + kinds[0]
	}
	return fmt.Sprintf("%d custom resources are of kinds that create no pods: %s", len(all), strings.Join(kinds, ", "))
}

func newCluster(c cluster.Cluster) report.Cluster {
	r := report.Cluster{Nodes: []report.Node{}, Zones: append([]string{}, c.Zones()...), InManifests: c.InManifests, KubeVersion: c.Version.OrDefault().String()}
	for _, n := range c.Nodes {
		node := report.Node{Name: n.Name, Zone: n.Labels[cluster.ZoneLabel]}
		for _, d := range c.Domains {
			node.Domains = append(node.Domains, n.Labels[d.Label])
		}
		r.Nodes = append(r.Nodes, node)
	}
	for _, d := range c.Domains {
		r.Domains = append(r.Domains, report.Domain{Name: d.Name, Label: d.Label, Values: append([]string{}, c.Values(d)...)})
	}
	return r
}

func newWorkload(w *workload.Workload, steady survival.Outcome, g guarantee.Guarantee) report.Workload {
	return report.Workload{Name: w.String(), At: w.Object.At(), Replication: w.Replication.String(), Assumed: w.Replication.Assumed, Why: w.Replication.Why,
		Group: newGroup(w), Pods: steady.Pods, Needs: steady.Needs, Pending: append([]string{}, steady.Pending...), Worst: []report.Worst{}, Guarantee: newGuarantee(g)}
}

func newGroup(w *workload.Workload) *report.Group {
	if w.Group == nil {
		return nil
	}
	g := &report.Group{Workloads: []string{}, Own: w.Replicas, External: w.Group.External}
	for _, member := range w.Group.Workloads {
		g.Workloads = append(g.Workloads, member.String())
	}
	return g
}

func newGuarantee(g guarantee.Guarantee) report.Guarantee {
	var r report.Guarantee
	for _, b := range g.Bounds {
		bounds := report.Bounds{Placed: report.Bound(b.Placed), Rolled: report.Bound(b.AfterRollouts), Healed: report.Bound(b.AfterFailures)}
		switch b.Domain {
		case cluster.Node:
			r.Node = bounds
		case cluster.Zone:
			r.Zone = &bounds
		default:
			r.Domains = append(r.Domains, report.DomainBounds{Domain: b.Domain.Name, Bounds: bounds})
		}
	}
	return r
}

// addScenario adds a scenario to the report, and its effect on each workload. Workloads in remain have pods that a drain does
// not evict. The workloads that the event does not affect are as in the steady state; that counts once for each event, in its
// first scenario.
func addScenario(r *report.Report, q Requirement, s survival.Scenario, order order, first bool) {
	now := report.Scenario{Event: string(s.Event), Target: s.Target, Like: s.Equivalent, Nodes: s.Nodes, Required: q.covers(s.Event),
		Verdict: report.Serves, Blocked: s.Blocked, Outcomes: []report.Outcome{}}
	if s.Blocked != "" {
		now.Verdict = report.Blocked
	}
	for _, o := range order.considered(s, first) {
		e := effect(s, o)
		if severity(e.Verdict) > severity(now.Verdict) {
			now.Verdict = e.Verdict
		}
		if affected(o) || e.Verdict != report.Serves {
			now.Outcomes = append(now.Outcomes, report.Outcome{Workload: o.Workload.String(), Effect: e})
		}
		keepWorst(&r.Workloads[order.number[o.Workload]], r.WithinSeconds, report.Worst{Event: now.Event, Target: now.Target, Effect: e})
	}
	now.Changes = changes(s.Changes)
	for _, o := range s.Orders {
		one := report.Ordered{If: o.If, Blocked: o.Blocked, Outcomes: []report.Outcome{}, Changes: changes(o.Changes)}
		for _, w := range o.Outcomes {
			one.Outcomes = append(one.Outcomes, report.Outcome{Workload: w.Workload.String(), Effect: effect(s, w)})
		}
		now.Orders = append(now.Orders, one)
	}
	r.Scenarios = append(r.Scenarios, now)
}

func changes(of []survival.Change) []report.Change {
	all := []report.Change{}
	for _, c := range of {
		all = append(all, report.Change{Pod: c.Pod, Workload: c.Workload.String(), From: c.From, To: c.To, Why: c.Reason})
	}
	return all
}

// order has the workloads of a system by their number in it, and their outcomes in the steady state.
type order struct {
	steady []survival.Outcome
	number map[*workload.Workload]int
	// pending are the numbers of those that are not as desired in the steady state already.
	pending []int
}

func newOrder(steady []survival.Outcome) order {
	o := order{steady: steady, number: map[*workload.Workload]int{}}
	for i, one := range steady {
		if o.number[one.Workload] = i; affected(one) {
			o.pending = append(o.pending, i)
		}
	}
	return o
}

// considered returns the outcomes of a scenario in the order of the system: all of them for the first scenario of an event; for
// others those of the workloads that it affects, that block it, or that are not as desired in the steady state.
func (o order) considered(s survival.Scenario, first bool) []survival.Outcome {
	own := map[int]survival.Outcome{}
	for _, one := range s.Outcomes {
		own[o.number[one.Workload]] = one
	}
	numbers := slices.Concat(o.pending, slices.Collect(maps.Keys(own)))
	for _, w := range s.Blockers {
		numbers = append(numbers, o.number[w])
	}
	if first {
		for i := range o.steady {
			numbers = append(numbers, i)
		}
	}
	slices.Sort(numbers)
	var all []survival.Outcome
	for _, i := range slices.Compact(numbers) {
		if one, ok := own[i]; ok {
			all = append(all, one)
		} else {
			all = append(all, o.steady[i])
		}
	}
	return all
}

// keepWorst keeps the worst effect of each event on a workload; of equal ones the first.
func keepWorst(w *report.Workload, within float64, now report.Worst) {
	before := w.WorstOf(now.Event)
	switch {
	case before == nil:
		w.Worst = append(w.Worst, now)
	case compare(within, now.Effect, before.Effect) > 0:
		*before = now
	}
}
