package maintenance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// world is the simulated cluster, in one of the orders of events that lead to its steady state.
type world struct {
	*sim.Cluster
	byName  map[string]*sim.Node
	classes *survival.NodeClasses
	// cordoned are the nodes that are cordoned before the maintenance. They stay so.
	cordoned map[*sim.Node]bool
}

func newWorld(s *sim.Cluster, o Options) *world {
	w := &world{Cluster: s, byName: map[string]*sim.Node{}, cordoned: map[*sim.Node]bool{}, classes: survival.NewNodeClasses(s, true)}
	for _, n := range s.Nodes() {
		w.byName[n.Name()] = n
		w.cordoned[n] = n.Object().Spec.Unschedulable
	}
	if o.Force {
		s.ForceDrains()
	}
	s.LimitAttempts(o.limits.attempts)
	return w
}

// result is what happens in a round.
type result struct {
	// blocked is why the round is not allowed: a drain does not end, or the requirement is broken. "" if it is.
	blocked     string
	evicted     int
	interrupted []Interruption
	lost        []Loss
	// local and daemons report whether a node has pods with emptyDir volumes, or of DaemonSets; by name.
	local, daemons map[string]bool
}

// play plays a round: the nodes are drained, lose their power, come back, and are uncordoned. If a drain is blocked, the round ends there.
// orders are the other orders of events in which it may end differently.
func (w *world) play(ctx context.Context, names []string, o Options) (r result, orders []sim.Order, err error) {
	var nodes []*sim.Node
	for _, name := range names {
		nodes = append(nodes, w.byName[name])
	}
	r.note(nodes)
	for _, n := range nodes {
		w.Drain(n)
	}
	if err := w.Run(ctx, sim.Never); err != nil {
		return r, nil, err
	}
	r.blocked = w.DrainBlocker()
	r.evicted = w.evictions()
	orders = w.Orders()
	if r.blocked != "" {
		return r, orders, nil
	}
	up := slices.DeleteFunc(slices.Clone(nodes), (*sim.Node).Failed)
	w.FailNodes(up)
	if err := w.Run(ctx, sim.Never); err != nil {
		return r, nil, err
	}
	outcomes := w.outcomes()
	if err := w.failDomains(ctx, &r, nodes, o); err != nil {
		return r, nil, err
	}
	w.RestoreNodes(up)
	w.Uncordon(slices.DeleteFunc(slices.Clone(nodes), func(n *sim.Node) bool { return w.cordoned[n] }))
	if err := w.Run(ctx, sim.Never); err != nil {
		return r, nil, err
	}
	r.judge(outcomes, w.outcomes(), o)
	for _, more := range w.Orders() {
		if !slices.Contains(orders, more) {
			orders = append(orders, more)
		}
	}
	return r, orders, nil
}

// outcomes returns the outcomes of the workloads that the round has affected so far, but those of DaemonSets: a node that is away needs
// no pod of its own.
func (w *world) outcomes() (all []survival.Outcome) {
	active := slices.SortedFunc(slices.Values(w.Active()), func(a, b *sim.Controller) int { return a.Index - b.Index })
	for _, c := range active {
		if c.Workload.Kind != workload.DaemonSet {
			all = append(all, survival.OutcomeOf(w.Cluster, c))
		}
	}
	return all
}

// evictions counts the pods that were evicted.
func (w *world) evictions() (n int) {
	for _, change := range w.Changes() {
		if change.Reason == "evicted" {
			n++
		}
	}
	return n
}

// note notes what the drains of nodes lose, and which flags they need.
func (r *result) note(nodes []*sim.Node) {
	r.local, r.daemons = map[string]bool{}, map[string]bool{}
	for _, n := range nodes {
		for _, p := range n.Pods() {
			if p.Controller().Workload.Kind == workload.DaemonSet {
				r.daemons[n.Name()] = true
				continue
			}
			object := p.Object()
			loss := Loss{Workload: p.Controller().Workload.String(), Node: n.Name(), Deleted: p.Unmanaged(), EmptyDirs: emptyDirs(&object.Spec)}
			if p.Running() {
				loss.Pod = strings.TrimPrefix(object.Namespace+"/"+p.Name(), "/")
			}
			r.local[n.Name()] = r.local[n.Name()] || len(loss.EmptyDirs) > 0
			if loss.Deleted || len(loss.EmptyDirs) > 0 {
				r.lost = append(r.lost, loss)
			}
		}
	}
}

func emptyDirs(spec *corev1.PodSpec) (names []string) {
	for _, v := range spec.Volumes {
		if v.EmptyDir != nil {
			names = append(names, v.Name)
		}
	}
	return names
}

// judge notes the interruptions of a round, and whether the requirement allows them. before are the outcomes while its nodes were away,
// after those when they are back.
func (r *result) judge(before, after []survival.Outcome, o Options) {
	for _, one := range before {
		if !one.Serves() {
			r.interrupted = append(r.interrupted, interruption(one))
		}
		r.refuse(one, "", o)
	}
	for _, one := range after {
		if one.Recovers() || slices.ContainsFunc(before, func(b survival.Outcome) bool { return b.Workload == one.Workload && !b.Serves() }) {
			continue
		}
		r.interrupted = append(r.interrupted, interruption(one))
		r.refuse(one, " after it", o)
	}
}

// refuse notes that an outcome breaks the requirement, if it does.
func (r *result) refuse(o survival.Outcome, when string, options Options) {
	if !options.Uninterrupted || r.blocked != "" || o.Serves() || options.Within > 0 && o.Recovery >= 0 && o.Recovery <= options.Within {
		return
	}
	duration := "and does not serve before the nodes are back"
	if o.Recovery >= 0 {
		duration = "for " + o.Recovery.Round(time.Second).String()
	}
	r.blocked = fmt.Sprintf("%s is interrupted%s: %d of %d pods serve, required %d, %s", o.Workload, when, o.Least, o.Pods, o.Needs, duration)
}

func interruption(o survival.Outcome) Interruption {
	i := Interruption{Workload: o.Workload.String(), Seconds: -1}
	if o.Recovery >= 0 {
		i.Seconds = o.Recovery.Seconds()
	}
	return i
}

// failDomains fails each failure domain of the requirement while the nodes of a round are away.
func (w *world) failDomains(ctx context.Context, r *result, away []*sim.Node, o Options) error {
	for _, d := range o.Domains {
		for _, group := range w.groups(d, away) {
			err := w.WithUndo(func() error {
				w.FailNodes(group.nodes)
				if err := w.Run(ctx, sim.Never); err != nil {
					return err
				}
				for _, one := range w.outcomes() {
					r.refuse(one, fmt.Sprintf(" if %s %s fails meanwhile", d.Name, group.name), o)
				}
				return nil
			})
			if err != nil || r.blocked != "" {
				return err
			}
		}
	}
	return nil
}

// group is a failure domain without the nodes that are away.
type group struct {
	name  string
	nodes []*sim.Node
}

// groups returns the failure domains of a kind whose failure is simulated. Of equivalent nodes, it is one.
func (w *world) groups(d cluster.Domain, away []*sim.Node) (all []group) {
	left := slices.DeleteFunc(slices.Clone(w.Nodes()), func(n *sim.Node) bool { return n.Failed() || slices.Contains(away, n) })
	if d == cluster.Node {
		for _, class := range w.classes.Of(left) {
			all = append(all, group{class[0].Name(), class[:1]})
		}
		return all
	}
	for _, n := range left {
		value := n.Object().Labels[d.Label]
		i := slices.IndexFunc(all, func(g group) bool { return g.name == value })
		switch {
		case value == "":
		case i < 0:
			all = append(all, group{value, []*sim.Node{n}})
		default:
			all[i].nodes = append(all[i].nodes, n)
		}
	}
	return all
}
