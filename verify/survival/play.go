package survival

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Play places the workloads of a system, whose replication is told, on a cluster, and lets each event happen to it. Targets to
// which the same happens are played once.
func Play(ctx context.Context, c cluster.Cluster, s *workload.System) (Result, error) {
	return play(ctx, c, s, true)
}

// play is Play, and with symmetry off plays each target.
func play(ctx context.Context, c cluster.Cluster, s *workload.System, symmetry bool) (Result, error) {
	w, err := newWorld(ctx, c, s)
	if err != nil {
		return Result{}, err
	}
	if err := w.populate(ctx); err != nil {
		return Result{}, err
	}
	d := &director{world: w, classes: newClasses(w, symmetry)}
	d.rest = d.outcomes()
	d.Rest = w.placements()
	d.Scenarios = []Scenario{{Event: Rest, Outcomes: d.rest}}
	for _, scenes := range []func(context.Context) error{d.loseNodes, d.loseZones, d.drainNodes, d.rolls, d.grows} {
		if err := scenes(ctx); err != nil {
			return Result{}, err
		}
	}
	slices.SortStableFunc(d.Scenarios, func(a, b Scenario) int { return slices.Index(events, a.Event) - slices.Index(events, b.Event) })
	return d.Result, nil
}

// events are all events, in the order in which they are told.
var events = []Event{Rest, LoseNode, LoseZone, DrainNode, Roll, Grow, LoseNodeInDrain, LoseNodeInRoll}

// director plays one scenario after the other, each on the world at rest.
type director struct {
	*world
	classes *classes
	rest    []Outcome
	Result
}

// scene plays a scenario: what begins it, and as much time as it takes. ended says why it does not end, "" if it does.
func (d *director) scene(ctx context.Context, s Scenario, begin func() error, ended func() string) ([]moment, error) {
	var worst []moment
	err := d.play(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := d.run(ctx, never); err != nil {
			return err
		}
		if ended != nil {
			s.Stuck = ended()
		}
		s.Outcomes = d.outcomes()
		s.Changes = d.told()
		for _, c := range d.touched {
			worst = append(worst, moment{c, c.seen.least - c.needs(), c.seen.leastAt})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", s.Event, s.Target, err)
	}
	d.Scenarios = append(d.Scenarios, s)
	return worst, nil
}

// moment is when a workload has the fewest pods in a play, and how many more than it needs.
type moment struct {
	of   *controller
	left int
	at   time.Duration
}

func (d *director) loseNodes(ctx context.Context) error {
	for _, like := range d.classes.of(d.nodes) {
		s := Scenario{Event: LoseNode, Target: like[0].name(), Like: names(like[1:]), Nodes: names(like[:1])}
		if _, err := d.scene(ctx, s, func() error { return d.lose(like[:1]) }, nil); err != nil {
			return err
		}
	}
	return nil
}

func (d *director) loseZones(ctx context.Context) error {
	zones := map[string][]*node{}
	var order []string
	for _, n := range d.nodes {
		zone := n.object.Labels[cluster.ZoneLabel]
		if zone != "" && zones[zone] == nil {
			order = append(order, zone)
		}
		zones[zone] = append(zones[zone], n)
	}
	slices.Sort(order)
	for _, zone := range order {
		s := Scenario{Event: LoseZone, Target: zone, Nodes: names(zones[zone])}
		if _, err := d.scene(ctx, s, func() error { return d.lose(zones[zone]) }, nil); err != nil {
			return err
		}
	}
	return nil
}

// drainNodes drains each node; and each again while another node with pods of the same workloads is lost, when the fewest of
// them are there.
func (d *director) drainNodes(ctx context.Context) error {
	for _, like := range d.classes.of(d.nodes) {
		n := like[0]
		drain := func() error { d.drain(n); return nil }
		s := Scenario{Event: DrainNode, Target: n.name(), Like: names(like[1:]), Nodes: names(like[:1])}
		worst, err := d.scene(ctx, s, drain, d.undrained)
		if err != nil {
			return err
		}
		worst = slices.DeleteFunc(worst, func(m moment) bool { return m.of.of.Kind == workload.DaemonSet })
		for _, others := range d.classes.of(d.holding(worst, n)) {
			x := others[0]
			at := worstOn(worst, x)
			s := Scenario{Event: LoseNodeInDrain, Target: n.name() + ", " + x.name(), Nodes: []string{n.name(), x.name()}}
			for _, other := range others[1:] {
				s.Like = append(s.Like, n.name()+", "+other.name())
			}
			begin := func() error { return d.loseAt(ctx, drain, at, x) }
			if _, err := d.scene(ctx, s, begin, d.undrained); err != nil {
				return err
			}
		}
	}
	return nil
}

// rolls rolls each workload; and each again while a node with pods of it is lost, when the fewest of them are there.
func (d *director) rolls(ctx context.Context) error {
	for _, c := range d.controllers {
		if c.of.Roll.How == "" {
			continue
		}
		roll := func() error { d.touch(c); set(d.world, &c.revision, 2); return nil }
		unrolled := func() string { return c.unrolled() }
		worst, err := d.scene(ctx, Scenario{Event: Roll, Target: c.of.String()}, roll, unrolled)
		if err != nil {
			return err
		}
		if c.of.Kind == workload.DaemonSet || c.of.Roll.How == "OnDelete" {
			continue
		}
		at := worst[slices.IndexFunc(worst, func(m moment) bool { return m.of == c })]
		for _, others := range d.classesAt(ctx, roll, at) {
			x := others[0]
			s := Scenario{Event: LoseNodeInRoll, Target: c.of.String() + ", " + x.name(), Nodes: []string{x.name()}}
			for _, other := range others[1:] {
				s.Like = append(s.Like, c.of.String()+", "+other.name())
			}
			begin := func() error { return d.loseAt(ctx, roll, at.at, x) }
			if _, err := d.scene(ctx, s, begin, unrolled); err != nil {
				return err
			}
		}
	}
	return nil
}

// loseAt begins something, and takes the power of a node when it has come to a moment.
func (d *director) loseAt(ctx context.Context, begin func() error, at time.Duration, n *node) error {
	if err := begin(); err != nil {
		return err
	}
	if err := d.run(ctx, at); err != nil {
		return err
	}
	return d.lose([]*node{n})
}

// classesAt are the classes of the nodes that hold pods of a workload at a moment of a play.
func (d *director) classesAt(ctx context.Context, begin func() error, at moment) (all [][]*node) {
	_ = d.play(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := d.run(ctx, at.at); err != nil {
			return err // it was played before, without an error
		}
		all = d.classes.of(d.holding([]moment{at}, nil))
		return nil
	})
	return all
}

// holding are the nodes but one that hold pods of some workloads now, in order.
func (d *director) holding(some []moment, but *node) []*node {
	has := map[*node]bool{}
	for _, m := range some {
		for _, p := range m.of.pods {
			has[p.node] = true
		}
	}
	var list []*node
	for n := range has {
		if n != nil && n != but {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.name(), b.name()) })
	return list
}

// worstOn is the worst moment of the workloads that have pods on a node: that of the one which can miss the fewest.
func worstOn(some []moment, n *node) time.Duration {
	var worst *moment
	for i, m := range some {
		on := slices.ContainsFunc(n.pods, func(p *pod) bool { return p.of == m.of })
		if on && (worst == nil || m.left < worst.left) {
			worst = &some[i]
		}
	}
	return worst.at
}

// grows lets each autoscaler ask for all that it may.
func (d *director) grows(ctx context.Context) error {
	for _, c := range d.controllers {
		if c.of.Max <= c.want {
			continue
		}
		grow := func() error { d.touch(c); set(d.world, &c.want, c.of.Max); return nil }
		if _, err := d.scene(ctx, Scenario{Event: Grow, Target: c.of.String()}, grow, nil); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) name() string { return n.object.Name }

func names(nodes []*node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.name())
	}
	return list
}
