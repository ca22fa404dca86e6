package maintenance

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/guarantee"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// plan returns the result of the search.
func (p *planner) plan() Plan {
	all := Plan{Version: Version, KubeVersion: p.cluster.Version.OrDefault().String(), AtOnce: p.AtOnce, Rounds: []Round{}, Nodes: []Node{},
		Simulated: p.simulated, EveryOrder: p.best.complete, Assumptions: survival.Assumptions(p.cluster, p.system)}
	for _, a := range p.system.Assumed {
		all.Assumptions = append(all.Assumptions, fmt.Sprintf("%s: %s: %s.", a.Object.At(a.Path...), a.Object, a.Text))
	}
	number := map[string]int{}
	for i, r := range p.best.rounds {
		all.Rounds = append(all.Rounds, p.round(i, r))
		for _, n := range r.nodes {
			number[n] = i + 1
		}
	}
	for _, name := range p.targets {
		why, blockedNow := p.now[name]
		n := Node{Name: name, Zone: p.zone(name), State: p.stateOf(name), Now: !blockedNow, BlockedNow: why, Round: number[name]}
		if n.Round == 0 {
			n.Blocked, n.InAnyOrder = cmp.Or(p.never[name], p.best.blocked[name]), p.never[name] != ""
		}
		all.Nodes = append(all.Nodes, n)
	}
	all.Outcome, all.Why = p.outcome()
	return all
}

func (p *planner) stateOf(node string) string {
	n := p.worlds[0].byName[node]
	switch {
	case n.Failed():
		return "NotReady"
	case p.worlds[0].cordoned[n]:
		return "Cordoned"
	}
	return "Ready"
}

// round returns a round with its commands. From the second one on, a real scheduler may have moved other pods to a node than the
// simulated one, and a flag that no pod needs does no harm.
func (p *planner) round(i int, r round) Round {
	one := Round{Nodes: r.nodes, Drain: []string{}, Uncordon: []string{}, Evicted: r.evicted, Interrupted: []Interruption{}, Lost: []Loss{}}
	one.Interrupted, one.Lost = append(one.Interrupted, r.interrupted...), append(one.Lost, r.lost...)
	for _, n := range r.nodes {
		command := "kubectl drain " + n
		if r.daemons[n] {
			command += " --ignore-daemonsets"
		}
		if r.local[n] || i > 0 && p.movesEmptyDirs() {
			command += " --delete-emptydir-data"
		}
		if slices.ContainsFunc(r.lost, func(l Loss) bool { return l.Node == n && l.Deleted }) {
			command += " --force"
		}
		one.Drain = append(one.Drain, command)
		if w := p.worlds[0]; !w.cordoned[w.byName[n]] {
			one.Uncordon = append(one.Uncordon, "kubectl uncordon "+n)
		}
	}
	return one
}

// movesEmptyDirs reports whether a drain may move a pod with an emptyDir volume to another node.
func (p *planner) movesEmptyDirs() bool {
	return slices.ContainsFunc(p.system.Workloads, func(w *workload.Workload) bool {
		return w.Kind != workload.DaemonSet && len(emptyDirs(&w.Template.Spec)) > 0
	})
}

// outcome returns the outcome of the plan, and why it is not proven.
func (p *planner) outcome() (outcome, why string) {
	for _, n := range p.targets {
		_, blocked := p.best.blocked[n]
		if blocked || p.never[n] != "" {
			return Blocked, ""
		}
	}
	if len(p.system.Unsupported) > 0 {
		o := p.system.Unsupported[0]
		return NotJudged, fmt.Sprintf("%s: %s may create pods, and holdfast does not read %s of %s", o.At(), o, o.Kind, o.Group())
	}
	if why := p.unproven(); why != "" {
		return AsPlaced, why
	}
	return Proven, ""
}

// unproven returns why the order is not proven, "" if it is: from any placement of all pods, the drain of any one node ends, and then all
// pods have a node again.
func (p *planner) unproven() string {
	switch {
	case p.Unread != "":
		return p.Unread
	case p.AtOnce != 1:
		return "only drains of one node after the other can be proven (--at-once 1)"
	case len(p.Domains) > 0:
		return "a failure during a maintenance is simulated, not proven"
	case len(p.worlds) > 1 || p.ordered:
		return "a round may end differently in another order of events"
	}
	for _, n := range p.worlds[0].Nodes() {
		if n.Failed() || p.worlds[0].cordoned[n] {
			return fmt.Sprintf("node %s is %s", n.Name(), p.stateOf(n.Name()))
		}
	}
	for _, c := range p.worlds[0].Controllers() {
		if c.Workload.Kind == workload.Pod {
			return fmt.Sprintf("%s is not created again by a controller in the input", c.Workload)
		}
		if c.Ready() != c.Replicas() {
			return fmt.Sprintf("%s has %d of %d pods Ready", c.Workload, c.Ready(), c.Replicas())
		}
	}
	for _, g := range guarantee.Of(p.cluster, p.system) {
		for _, proof := range []guarantee.Proof{g.SteadyState, g.Drain} {
			if !proof.Completes {
				return fmt.Sprintf("%s: %s", g.Workload, proof.Why)
			}
		}
		inTime := p.Within > 0 && g.Drain.Replaced && survival.LongestReplacement(g.Workload) <= p.Within
		if p.Uninterrupted && !g.Drain.Serves && !inTime {
			return fmt.Sprintf("%s: %s", g.Workload, g.Drain.Why)
		}
	}
	return ""
}
