package maintenance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// planner searches an order. A round must be valid in each world, and in each order of events.
type planner struct {
	Options
	ctx     context.Context
	cluster cluster.Cluster
	system  *workload.System
	worlds  []*world
	// targets are the nodes to drain, zone by zone. now has the nodes of it that are blocked as the first one, and never why a node is
	// blocked in every order.
	targets    []string
	now, never map[string]string
	simulated  int
	// ordered is set once a round may end differently in another order of events.
	ordered bool
	best    attempt
}

// attempt is a sequence of valid rounds, and why the other nodes are blocked after them.
type attempt struct {
	rounds  []round
	blocked map[string]string
	// complete: every order of one node after the other was simulated, and none has more nodes.
	complete bool
}

type round struct {
	nodes []string
	result
}

func newPlanner(ctx context.Context, c cluster.Cluster, s *workload.System, o Options) (*planner, error) {
	p := &planner{Options: o, ctx: ctx, cluster: c, system: s, now: map[string]string{}, never: map[string]string{}}
	first, err := sim.New(ctx, c, s)
	if err != nil {
		return nil, err
	}
	p.worlds = []*world{newWorld(first, o)}
	orders := first.SteadyOrders()
	for _, order := range orders[:min(len(orders), maxWorlds)] {
		other, err := sim.NewInOrder(ctx, c, s, order)
		if err != nil {
			return nil, err
		}
		p.worlds = append(p.worlds, newWorld(other, o))
	}
	p.targets = p.Nodes
	if len(p.targets) == 0 {
		for _, n := range first.Nodes() {
			p.targets = append(p.targets, n.Name())
		}
	}
	for _, name := range p.targets {
		if p.worlds[0].byName[name] == nil {
			return nil, InputError{fmt.Sprintf("node %s does not exist: the cluster has nodes from %s to %s", name, first.Nodes()[0].Name(), first.Nodes()[len(first.Nodes())-1].Name())}
		}
	}
	p.targets = slices.Clone(p.targets)
	slices.SortFunc(p.targets, func(a, b string) int {
		if z := strings.Compare(p.zone(a), p.zone(b)); z != 0 {
			return z
		}
		return strings.Compare(a, b)
	})
	p.targets = slices.Compact(p.targets)
	return p, nil
}

// maxWorlds limits the orders of the steady state.
const maxWorlds = 8

func (p *planner) zone(node string) string {
	return p.worlds[0].byName[node].Object().Labels[cluster.ZoneLabel]
}

// search finds the order with the most nodes. First it drains greedily, then again with the nodes first that were possible at the
// beginning and are blocked later, and at last it tries every order if there are few.
func (p *planner) search() error {
	if err := p.tryNow(); err != nil {
		return err
	}
	order := slices.DeleteFunc(slices.Clone(p.targets), func(n string) bool { return p.never[n] != "" })
	p.best = attempt{blocked: map[string]string{}}
	for i := range promotions {
		found, err := p.greedy(order)
		if err != nil {
			return err
		}
		if i == 0 || len(found.blocked) < len(p.best.blocked) {
			p.best = found
		}
		early := func(n string) bool { _, blocked := p.now[n]; _, left := found.blocked[n]; return left && !blocked }
		if len(found.blocked) == 0 || !slices.ContainsFunc(order, early) {
			break
		}
		order = append(slices.DeleteFunc(slices.Clone(order), func(n string) bool { return !early(n) }), slices.DeleteFunc(order, early)...)
	}
	if len(p.best.blocked) == 0 || len(order) > p.limits.exhaustive {
		return nil
	}
	e := exhaustive{planner: p, seen: map[string]bool{}, until: p.simulated + p.limits.rounds, drained: map[string]bool{}}
	if err := e.from(order, nil); err != nil {
		return err
	}
	if e.cut || len(p.best.blocked) == 0 {
		return nil
	}
	p.best.complete = true
	for n, why := range p.best.blocked {
		if !e.drained[n] {
			p.never[n] = why
		}
	}
	return nil
}

// promotions is how often the nodes that are blocked too late move to the front.
const promotions = 4

// tryNow drains each node as the first one, one of each equivalence class.
func (p *planner) tryNow() error {
	for _, class := range p.classes(p.targets) {
		r, err := p.play(class[:1], false)
		if err != nil {
			return err
		}
		for _, name := range class {
			if r.blocked != "" {
				p.now[name] = r.blocked
			}
			p.never[name] = p.neverDrained(name)
		}
		for _, name := range class[1:] {
			if r.blocked == "" {
				break
			}
			// The reason names pods of the node.
			own, err := p.play([]string{name}, false)
			if err != nil {
				return err
			}
			p.now[name] = own.blocked
		}
	}
	return nil
}

// neverDrained returns why a node is blocked in every order, "" if that is not known: one of its pods may not be evicted in any state. A pod
// stays on its node until this is drained.
func (p *planner) neverDrained(node string) string {
	for _, pod := range p.worlds[0].byName[node].Pods() {
		if pod.Unmanaged() && !p.Force {
			return p.now[node]
		}
	}
	for _, pod := range p.worlds[0].byName[node].Pods() {
		if pod.Controller().Workload.Kind == workload.DaemonSet {
			continue
		}
		if why := pod.NeverEvicted(); why != "" {
			return why
		}
	}
	return ""
}

// classes divides nodes into equivalence classes, each in the order of the nodes.
func (p *planner) classes(names []string) (all [][]string) {
	if len(p.worlds) > 1 {
		for _, n := range names {
			all = append(all, []string{n})
		}
		return all
	}
	var nodes []*sim.Node
	for _, n := range names {
		nodes = append(nodes, p.worlds[0].byName[n])
	}
	for _, class := range p.worlds[0].classes.Of(nodes) {
		var one []string
		for _, n := range class {
			one = append(one, n.Name())
		}
		all = append(all, one)
	}
	return all
}

// greedy drains what it can, in the order of a list as far as possible, and again as long as there is progress.
func (p *planner) greedy(order []string) (found attempt, err error) {
	err = p.undone(func() error {
		for left := order; ; {
			progress, blocked := false, map[string]string{}
			var later []string
			for len(left) > 0 {
				next := left[0]
				batch, r, err := p.grow(left)
				if err != nil {
					return err
				}
				if len(batch) == 0 {
					blocked[next] = r.blocked
					later, left = append(later, next), left[1:]
					continue
				}
				progress = true
				found.rounds = append(found.rounds, round{batch, r})
				left = slices.DeleteFunc(slices.Clone(left), func(n string) bool { return slices.Contains(batch, n) })
			}
			if !progress || len(later) == 0 {
				found.blocked = blocked
				return nil
			}
			left = later
		}
	})
	return found, err
}

// grow plays the largest round that it finds, which begins with the first of some nodes. The batch is empty if that one is blocked.
func (p *planner) grow(nodes []string) (batch []string, r result, err error) {
	most := len(nodes)
	if p.AtOnce > 0 {
		most = min(most, p.AtOnce)
	}
	if most > 1 {
		if r, err = p.play(nodes[:1], false); err != nil || r.blocked != "" {
			return nil, r, err
		}
		if batch, err = p.extend(nodes[:1], nodes[1:], most); err != nil {
			return nil, r, err
		}
	} else {
		batch = nodes[:1]
	}
	r, err = p.play(batch, true)
	if err != nil || r.blocked != "" {
		return nil, r, err
	}
	return batch, r, nil
}

// extend adds nodes to a round, as long as it stays valid: twice as many each time, half as many after a failure. All are of one zone, so that
// the other zones stay whole.
func (p *planner) extend(batch, more []string, most int) ([]string, error) {
	more = slices.DeleteFunc(slices.Clone(more), func(n string) bool { return p.zone(n) != p.zone(batch[0]) })
	for chunk, refused := 1, 0; len(more) > 0 && len(batch) < most && refused < maxRefused; {
		some := more[:min(chunk, len(more), most-len(batch))]
		all := slices.Concat(batch, some)
		r, err := p.play(all, false)
		switch {
		case err != nil:
			return nil, err
		case r.blocked == "":
			batch, more, chunk = all, more[len(some):], 2*chunk
		case len(some) > 1:
			chunk = len(some) / 2
		default:
			more, refused = more[1:], refused+1
		}
	}
	return batch, nil
}

// maxRefused is after how many single nodes that a round refuses it takes no more. maxOrders is how many orders of events a round of several
// nodes may have.
const (
	maxRefused = 5
	maxOrders  = 8
)

// undone calls a function and undoes the rounds that it has kept.
func (p *planner) undone(f func() error) error {
	for _, w := range p.worlds {
		inner := f
		f = func() error { return w.WithUndo(inner) }
	}
	return f()
}

// play plays a round in each world and in each order of events. It keeps it if it is valid and keep is set.
func (p *planner) play(nodes []string, keep bool) (first result, err error) {
	p.simulated++
	p.Progress(fmt.Sprintf("drain %s, simulated round %d", strings.Join(nodes[:min(len(nodes), 3)], ", "), p.simulated))
	if err := p.ctx.Err(); err != nil {
		return first, err
	}
	kept := false
	for i, w := range p.worlds {
		var r result
		var orders []sim.Order
		err := w.Try(func() (bool, error) {
			r, orders, err = w.play(p.ctx, nodes, p.Options)
			kept = keep && r.blocked == "" && len(orders) == 0 && len(p.worlds) == 1
			return kept, err
		})
		if err != nil {
			return first, fmt.Errorf("draining %s: %w", strings.Join(nodes, ", "), err)
		}
		if i == 0 {
			first = r
		}
		first.worsen(r)
		if len(nodes) > 1 && len(orders) > maxOrders {
			first.blocked = cmp.Or(first.blocked, "the drains of these nodes may end differently in many orders of evictions")
			return first, nil
		}
		for _, o := range orders {
			p.ordered = true
			if err := p.inOrder(w, nodes, o, &first); err != nil {
				return first, err
			}
		}
		if first.blocked != "" {
			return first, nil
		}
	}
	if !keep || kept {
		return first, nil
	}
	for _, w := range p.worlds {
		err := w.Try(func() (bool, error) {
			_, _, err := w.play(p.ctx, nodes, p.Options)
			return true, err
		})
		if err != nil {
			return first, err
		}
	}
	return first, nil
}

// inOrder plays a round in another order of events.
func (p *planner) inOrder(w *world, nodes []string, o sim.Order, first *result) error {
	w.SetOrder(o)
	defer w.SetOrder(sim.Order{})
	return w.WithUndo(func() error {
		r, _, err := w.play(p.ctx, nodes, p.Options)
		if r.blocked != "" {
			r.blocked += ", if " + o.String()
		}
		first.worsen(r)
		return err
	})
}

// worsen adds what is worse in another order of events or in another world.
func (r *result) worsen(by result) {
	if r.blocked == "" {
		r.blocked = by.blocked
	}
	for _, other := range by.interrupted {
		i := slices.IndexFunc(r.interrupted, func(one Interruption) bool { return one.Workload == other.Workload })
		switch {
		case i < 0:
			r.interrupted = append(r.interrupted, other)
		case other.Seconds < 0 || r.interrupted[i].Seconds >= 0 && other.Seconds > r.interrupted[i].Seconds:
			r.interrupted[i] = other
		}
	}
}

// exhaustive tries every order of rounds with one node. Two orders that lead to the same placements are one.
type exhaustive struct {
	*planner
	seen  map[string]bool
	until int
	// drained are the nodes that some order drains.
	drained map[string]bool
	// cut: the limit was reached, so that orders are left.
	cut bool
}

// from continues after some rounds, with the nodes that are left.
func (e *exhaustive) from(left []string, rounds []round) error {
	key := strings.Join(left, " ") + "|" + e.state()
	if e.seen[key] || len(e.best.blocked) == 0 {
		return nil
	}
	e.seen[key] = true
	blocked := map[string]string{}
	for _, n := range left {
		if e.simulated >= e.until {
			e.cut = true
			return nil
		}
		err := e.undone(func() error {
			r, err := e.play([]string{n}, true)
			if err != nil {
				return err
			}
			if r.blocked != "" {
				blocked[n] = r.blocked
				return nil
			}
			e.drained[n] = true
			rest := slices.DeleteFunc(slices.Clone(left), func(other string) bool { return other == n })
			return e.from(rest, append(slices.Clip(rounds), round{[]string{n}, r}))
		})
		if err != nil {
			return err
		}
	}
	if len(blocked) == len(left) && len(left) < len(e.best.blocked) {
		e.best = attempt{rounds: rounds, blocked: blocked}
	}
	return nil
}

// state is equal for equal placements in all worlds.
func (e *exhaustive) state() string {
	var b strings.Builder
	for _, w := range e.worlds {
		for _, n := range w.Nodes() {
			var pods []string
			for _, p := range n.Pods() {
				pods = append(pods, p.Signature())
			}
			slices.Sort(pods)
			fmt.Fprintf(&b, "%s: %s\n", n.Name(), strings.Join(pods, ","))
		}
	}
	return b.String()
}
