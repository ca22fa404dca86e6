package survival

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// nodeFailures fails each node, except those that are not Ready in the steady state.
func (r *runner) nodeFailures() (steps []step) {
	for _, class := range r.classes.Of(working(r.sim.Nodes())) {
		steps = append(steps, r.failure(LoseNode, class[0].Name(), class[:1], names(class[1:])))
	}
	return steps
}

// domainFailures fails all nodes of each failure domain, for every kind of failure domain except the node.
func (r *runner) domainFailures() (steps []step) {
	for _, d := range r.cluster.FailureDomains() {
		if d == cluster.Node {
			continue
		}
		for _, value := range r.cluster.Values(d) {
			in := slices.DeleteFunc(slices.Clone(r.sim.Nodes()), func(n *sim.Node) bool { return n.Object().Labels[d.Label] != value })
			steps = append(steps, r.failure(LoseDomain(d), value, in, nil))
		}
	}
	return steps
}

// failure fails some nodes at once.
func (r *runner) failure(event Event, target string, nodes []*sim.Node, equivalent []string) step {
	s := Scenario{Event: event, Target: target, Equivalent: equivalent, Nodes: names(nodes)}
	return step{event: event, target: target, run: func(ctx context.Context) error {
		_, err := r.run(ctx, s, func() error { r.sim.FailNodes(nodes); return nil }, nil)
		return err
	}}
}

// drains drains each node, except those that are not Ready in the steady state. Each drain is repeated with the failure of another
// node that has pods of the same workloads, at the time at which these have the fewest Ready pods.
func (r *runner) drains() (steps []step) {
	for _, class := range r.classes.Of(working(r.sim.Nodes())) {
		n := class[0]
		drain := func() error { r.sim.Drain(n); return nil }
		s := Scenario{Event: DrainNode, Target: n.Name(), Equivalent: names(class[1:]), Nodes: names(class[:1])}
		steps = append(steps, step{event: DrainNode, target: n.Name(), run: func(ctx context.Context) error {
			worst, err := r.run(ctx, s, drain, r.sim.DrainBlocker)
			if err != nil {
				return err
			}
			worst = slices.DeleteFunc(worst, func(m moment) bool { return m.workload.Workload.Kind == workload.DaemonSet })
			others := slices.DeleteFunc(nodesOf(worst), func(other *sim.Node) bool { return other == n })
			again := step{event: LoseNodeInDrain, target: n.Name(), run: func(ctx context.Context) error { return r.failuresInDrain(ctx, n, drain, worst, others) }}
			for _, class := range r.classes.Of(others) {
				again.pods += len(n.Pods()) + len(class[0].Pods())
			}
			r.second = append(r.second, again)
			return nil
		}})
	}
	return steps
}

// failuresInDrain fails each of some other nodes while a node is drained.
func (r *runner) failuresInDrain(ctx context.Context, n *sim.Node, drain func() error, worst []moment, others []*sim.Node) error {
	for _, class := range r.worstClasses(ctx, drain, worst, others) {
		failed := class[0]
		at := worstOn(worst, failed)
		s := Scenario{Event: LoseNodeInDrain, Target: pair(n.Name(), failed), Equivalent: pairs(n.Name(), class[1:]), Nodes: []string{n.Name(), failed.Name()}}
		begin := func() error { return r.failAt(ctx, drain, at, failed) }
		if _, err := r.run(ctx, s, begin, r.sim.DrainBlocker); err != nil {
			return err
		}
	}
	return nil
}

// rollouts rolls out each workload. Each rollout is repeated with the failure of a node that has pods of the workload,
// at the time at which the fewest are Ready.
func (r *runner) rollouts() (steps []step) {
	for _, w := range r.sim.Controllers() {
		if w.Workload.Rollout.Type == "" {
			continue
		}
		name := w.Workload.String()
		rollout := func() error { r.sim.Rollout(w); return nil }
		steps = append(steps, step{event: Rollout, target: name, run: func(ctx context.Context) error {
			worst, err := r.run(ctx, Scenario{Event: Rollout, Target: name}, rollout, w.RolloutBlocker)
			if err != nil {
				return err
			}
			if w.Workload.Kind == workload.DaemonSet || w.Workload.Rollout.Waits() {
				return nil
			}
			own := worst[slices.IndexFunc(worst, func(m moment) bool { return m.workload == w })]
			again := step{event: LoseNodeInRollout, target: name, run: func(ctx context.Context) error { return r.failuresInRollout(ctx, own, rollout) }}
			for _, class := range r.classes.Of(nodesOf([]moment{own})) {
				again.pods += w.Replicas() + len(class[0].Pods())
			}
			r.second = append(r.second, again)
			return nil
		}})
	}
	return steps
}

// failuresInRollout fails each node with pods of a workload while it is rolled out.
func (r *runner) failuresInRollout(ctx context.Context, own moment, rollout func() error) error {
	w := own.workload
	nodes := func() []*sim.Node { return nodesOf([]moment{own}) }
	for _, class := range r.classesAt(ctx, rollout, own.at, nodes) {
		failed := class[0]
		s := Scenario{Event: LoseNodeInRollout, Target: pair(w.Workload.String(), failed), Equivalent: pairs(w.Workload.String(), class[1:]), Nodes: names(class[:1])}
		begin := func() error { return r.failAt(ctx, rollout, own.at, failed) }
		if _, err := r.run(ctx, s, begin, w.RolloutBlocker); err != nil {
			return err
		}
	}
	return nil
}

// scaleUps scales each workload with an autoscaler to its maximum.
func (r *runner) scaleUps() (steps []step) {
	for _, w := range r.sim.Controllers() {
		if w.Workload.Max <= w.Workload.Replicas {
			continue
		}
		name := w.Workload.String()
		steps = append(steps, step{event: ScaleUp, target: name, run: func(ctx context.Context) error {
			_, err := r.run(ctx, Scenario{Event: ScaleUp, Target: name}, func() error { r.sim.Scale(w, w.Workload.Max); return nil }, nil)
			return err
		}})
	}
	return steps
}

// failAt begins a scenario, runs it until a time, and fails a node then.
func (r *runner) failAt(ctx context.Context, begin func() error, at time.Duration, n *sim.Node) error {
	if err := begin(); err != nil {
		return err
	}
	if err := r.sim.Run(ctx, at); err != nil {
		return err
	}
	r.sim.FailNodes([]*sim.Node{n})
	return nil
}

// classesAt returns the equivalence classes of some nodes at a time of a scenario. The scenario must have run without
// an error before.
func (r *runner) classesAt(ctx context.Context, begin func() error, at time.Duration, nodes func() []*sim.Node) (classes [][]*sim.Node) {
	_ = r.sim.WithUndo(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := r.sim.Run(ctx, at); err != nil {
			return err
		}
		classes = r.classes.Of(nodes())
		return nil
	})
	return classes
}

// worstClasses returns the equivalence classes of some nodes, each at the worst time for its workloads.
func (r *runner) worstClasses(ctx context.Context, begin func() error, worst []moment, nodes []*sim.Node) (classes [][]*sim.Node) {
	byTime := map[time.Duration][]*sim.Node{}
	for _, n := range nodes {
		at := worstOn(worst, n)
		byTime[at] = append(byTime[at], n)
	}
	for at, some := range byTime {
		classes = append(classes, r.classesAt(ctx, begin, at, func() []*sim.Node { return some })...)
	}
	slices.SortFunc(classes, func(a, b []*sim.Node) int { return byName(a[0], b[0]) })
	return classes
}

// worstOn returns the worst time for the workloads with pods on a node: that of the one with the fewest spare pods.
func worstOn(worst []moment, n *sim.Node) time.Duration {
	var first *moment
	for i, m := range worst {
		on := slices.ContainsFunc(n.Pods(), func(p *sim.Pod) bool { return p.Controller() == m.workload })
		if on && (first == nil || m.spare < first.spare) {
			first = &worst[i]
		}
	}
	return first.at
}

// working returns the nodes that have not failed.
func working(nodes []*sim.Node) []*sim.Node {
	return slices.DeleteFunc(slices.Clone(nodes), (*sim.Node).Failed)
}

// nodesOf returns the working nodes with pods of some workloads now, sorted by name.
func nodesOf(some []moment) []*sim.Node {
	var list []*sim.Node
	seen := map[*sim.Node]bool{}
	for _, m := range some {
		for _, p := range m.workload.Pods() {
			if n := p.Node(); n != nil && !n.Failed() && !seen[n] {
				seen[n] = true
				list = append(list, n)
			}
		}
	}
	slices.SortFunc(list, byName)
	return list
}

func byName(a, b *sim.Node) int { return strings.Compare(a.Name(), b.Name()) }

func names(nodes []*sim.Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Name())
	}
	return list
}

// pair returns the target of an event on a node during another event.
func pair(target string, n *sim.Node) string { return target + ", " + n.Name() }

func pairs(target string, nodes []*sim.Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, pair(target, n))
	}
	return list
}
