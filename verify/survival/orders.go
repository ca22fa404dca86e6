package survival

import (
	"reflect"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/survival/sim"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Ordered is a scenario in one order of events, where a real cluster may have any: which workload gets the last of a quota,
// which pod a drain evicts last, and whether a webhook answers until its last pod is gone.
type Ordered struct {
	// If is the order, in words.
	If       string
	Blocked  string
	Outcomes []Outcome
	Changes  []Change
}

func (s *Scenario) ordered(by sim.Order) Ordered {
	return Ordered{If: by.String(), Blocked: s.Blocked, Outcomes: slices.Clone(s.Outcomes), Changes: s.Changes}
}

// equals reports whether a scenario ends the same in two orders.
func (o Ordered) equals(other Ordered) bool {
	return o.Blocked == other.Blocked && reflect.DeepEqual(o.Outcomes, other.Outcomes)
}

// worsen replaces the outcomes of a scenario by those of the same scenario in another order, where these are worse.
func (s *Scenario) worsen(by Scenario, order []*sim.Controller) {
	if s.Blocked == "" {
		s.Blocked = by.Blocked
	}
	for _, w := range by.Blockers {
		if !slices.Contains(s.Blockers, w) {
			s.Blockers = append(s.Blockers, w)
		}
	}
	for _, other := range by.Outcomes {
		i := slices.IndexFunc(s.Outcomes, func(o Outcome) bool { return o.Workload == other.Workload })
		if i < 0 {
			s.Outcomes = append(s.Outcomes, other)
			continue
		}
		s.Outcomes[i] = worse(s.Outcomes[i], other)
	}
	index := func(w *workload.Workload) int {
		return slices.IndexFunc(order, func(c *sim.Controller) bool { return c.Workload == w })
	}
	slices.SortFunc(s.Outcomes, func(a, b Outcome) int { return index(a.Workload) - index(b.Workload) })
}

// worsen replaces the outcomes of all scenarios by those in another order of the steady state, where these are worse. Scenarios with a
// second failure may be missing in one of them.
func (r *Result) worsen(by Result, o sim.Order, order []*sim.Controller) {
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		j := slices.IndexFunc(by.Scenarios, func(other Scenario) bool { return other.Event == s.Event && other.Target == s.Target })
		if j < 0 {
			continue
		}
		other := by.Scenarios[j]
		if len(s.Orders) == 0 {
			s.Orders = []Ordered{s.ordered(sim.Order{})}
		}
		others := other.Orders
		if len(others) == 0 {
			others = []Ordered{other.ordered(o)}
		}
		for _, one := range others {
			if one.If = o.String(); !slices.ContainsFunc(s.Orders, one.equals) {
				s.Orders = append(s.Orders, one)
			}
		}
		s.worsen(other, order)
		if len(s.Orders) == 1 {
			s.Orders = nil
		}
	}
}

// worse returns the worse of each part of two outcomes of a workload.
func worse(a, b Outcome) Outcome {
	if b.After < a.After || b.After == a.After && len(a.Pending) == 0 {
		a.Pending = b.Pending
	}
	a.Least, a.After = min(a.Least, b.Least), min(a.After, b.After)
	if a.Recovery < 0 || b.Recovery < 0 {
		a.Recovery = -1
	} else {
		a.Recovery = max(a.Recovery, b.Recovery)
	}
	return a
}
