package survival

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// outcomes are what this play did to all workloads. To those that it did not touch it did nothing.
func (d *director) outcomes() []Outcome {
	all := slices.Clone(d.rest)
	if all == nil {
		for _, c := range d.controllers {
			all = append(all, c.outcome())
		}
	}
	for _, c := range d.touched {
		all[c.place] = c.outcome()
	}
	return all
}

// outcome is what happened to a workload, if anything did.
func (c *controller) outcome() Outcome {
	o := Outcome{Workload: c.of, Pods: c.wanted(), Least: c.ready, After: c.ready, Needs: c.needs(), Pending: c.waits()}
	s := c.seen
	if s == nil {
		s = &seen{least: c.ready}
	}
	o.Least = s.least
	switch {
	case !o.Recovers():
		o.Recovery = -1
	case c.of.Replication.Model == workload.Standby && s.went:
		l, _ := c.of.Lease()
		o.Recovery = s.outage + takeover(l) // a pod that is new has to wait for it, too
	case c.of.Replication.Model == workload.Elected && s.went:
		o.Recovery = s.outage + vote
	default:
		o.Recovery = s.outage
	}
	return o
}

// waits says why pods do not start, once for those that have the same reasons.
func (c *controller) waits() []string {
	var first []*pod
	like := map[string]int{}
	for _, p := range c.pods {
		if p.hindered() == "" {
			continue
		}
		if why := p.because(); like[why] == 0 {
			first = append(first, p)
		}
		like[p.because()]++
	}
	var list []string
	for _, p := range first {
		others := like[p.because()] - 1
		switch {
		case others == 0:
			list = append(list, p.hindered())
		case p.lacks != nil:
			list = append(list, fmt.Sprintf("pod %s and %d more wait %s", p.key(), others, p.because()))
		default:
			list = append(list, fmt.Sprintf("pod %s and %d more fit on no node: %s", p.key(), others, p.because()))
		}
	}
	return list
}

// because is the reason for which a pod does not start, without the pod.
func (p *pod) because() string {
	if p.lacks != nil {
		return p.lacks.String()
	}
	return p.why.Summary()
}

// told are the changes, and the pods of touched workloads that still wait.
func (w *world) told() []Change {
	list := w.changes
	for _, p := range w.waiting {
		if p.of.seen != nil && p.why != nil {
			list = append(list, Change{Pod: p.name(), Workload: p.of.of, Reason: p.why.Error()})
		}
	}
	return list
}

// placements lists where all pods are.
func (w *world) placements() []Placement {
	var list []Placement
	for _, c := range w.controllers {
		for _, p := range c.pods {
			at := Placement{Pod: p.name(), Workload: c.of, Running: p.runs}
			if p.node != nil {
				at.Node = p.node.name()
			}
			at.Reason = p.hindered()
			list = append(list, at)
		}
	}
	return list
}

// unrolled says why a roll has not ended, "" if it has.
func (c *controller) unrolled() string {
	if c.of.Rollout.Type == "OnDelete" {
		return "" // nothing is replaced before somebody deletes it
	}
	updated := 0
	for _, p := range c.pods {
		if p.revision == c.revision && p.available() {
			updated++
		}
	}
	want := c.wanted()
	if c.of.Kind == workload.StatefulSet {
		want = max(0, want-c.of.Rollout.Partition)
	}
	if updated >= want && !slices.ContainsFunc(c.pods, func(p *pod) bool {
		return p.active() && p.revision != c.revision && !(c.of.Kind == workload.StatefulSet && p.index < c.of.Rollout.Partition) && !p.lost()
	}) {
		return ""
	}
	for _, p := range c.pods {
		if why := p.hindered(); why != "" {
			return why
		}
	}
	for _, p := range c.pods {
		if p.lost() {
			return fmt.Sprintf("pod %s is on %s, which is lost: it counts until somebody removes the node", p.key(), p.node.name())
		}
	}
	return "its pods are not replaced"
}

// lost tells whether its node has no power.
func (p *pod) lost() bool { return p.node != nil && p.node.lost }
