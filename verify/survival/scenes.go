package survival

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// loseNodes loses each node.
func (d *director) loseNodes(ctx context.Context) error {
	for _, like := range d.classes.of(d.nodes) {
		s := Scenario{Event: LoseNode, Target: like[0].name(), Equivalent: names(like[1:]), Nodes: names(like[:1])}
		if _, err := d.scene(ctx, s, func() error { return d.lose(like[:1]) }, nil); err != nil {
			return err
		}
	}
	return nil
}

// loseZones loses each zone.
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
		s := Scenario{Event: DrainNode, Target: n.name(), Equivalent: names(like[1:]), Nodes: names(like[:1])}
		worst, err := d.scene(ctx, s, drain, d.undrained)
		if err != nil {
			return err
		}
		worst = slices.DeleteFunc(worst, func(m moment) bool { return m.of.of.Kind == workload.DaemonSet })
		for _, others := range d.worstClasses(ctx, drain, worst, d.holding(worst, n)) {
			x := others[0]
			at := worstOn(worst, x)
			s := Scenario{Event: LoseNodeInDrain, Target: n.name() + ", " + x.name(), Nodes: []string{n.name(), x.name()}}
			for _, other := range others[1:] {
				s.Equivalent = append(s.Equivalent, n.name()+", "+other.name())
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
		if c.of.Rollout.Type == "" {
			continue
		}
		roll := func() error { d.touch(c); set(d.world, &c.revision, 2); return nil }
		unrolled := func() string { return c.unrolled() }
		worst, err := d.scene(ctx, Scenario{Event: Rollout, Target: c.of.String()}, roll, unrolled)
		if err != nil {
			return err
		}
		if c.of.Kind == workload.DaemonSet || c.of.Rollout.Type == "OnDelete" {
			continue
		}
		at := worst[slices.IndexFunc(worst, func(m moment) bool { return m.of == c })]
		holding := func() []*node { return d.holding([]moment{at}, nil) }
		for _, others := range d.classesAt(ctx, roll, at.at, holding) {
			x := others[0]
			s := Scenario{Event: LoseNodeInRollout, Target: c.of.String() + ", " + x.name(), Nodes: []string{x.name()}}
			for _, other := range others[1:] {
				s.Equivalent = append(s.Equivalent, c.of.String()+", "+other.name())
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

// classesAt are the classes of some nodes at a moment of a play.
func (d *director) classesAt(ctx context.Context, begin func() error, at time.Duration, nodes func() []*node) (all [][]*node) {
	_ = d.play(func() error {
		if err := begin(); err != nil {
			return err
		}
		if err := d.run(ctx, at); err != nil {
			return err // it was played before, without an error
		}
		all = d.classes.of(nodes())
		return nil
	})
	return all
}

// worstClasses are the classes of some nodes, each at its own worst moment of a play.
func (d *director) worstClasses(ctx context.Context, begin func() error, worst []moment, nodes []*node) (all [][]*node) {
	at := map[time.Duration][]*node{}
	for _, n := range nodes {
		t := worstOn(worst, n)
		at[t] = append(at[t], n)
	}
	for t, some := range at {
		all = append(all, d.classesAt(ctx, begin, t, func() []*node { return some })...)
	}
	slices.SortFunc(all, func(a, b []*node) int { return strings.Compare(a[0].name(), b[0].name()) })
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
		if _, err := d.scene(ctx, Scenario{Event: ScaleUp, Target: c.of.String()}, grow, nil); err != nil {
			return err
		}
	}
	return nil
}
