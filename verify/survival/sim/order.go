package sim

import (
	"fmt"
	"slices"
)

// Order decides what happens first where a real cluster may do either. The zero value is the default: controllers act in the order of
// the workloads, a drain evicts pods in the order of its list, and a webhook stops answering as soon as its last Ready pod is marked for
// deletion.
type Order struct {
	// last acts after all other controllers, so that these get what is left of a quota.
	last *Controller
	// lingering: a webhook answers until its last pod is gone. A pod may serve while it terminates, and nothing waits for the end of
	// its endpoint.
	lingering bool
	// evicted is evicted from a drained node after the other pods.
	evicted *Pod
}

// String completes the sentence "This is the outcome if …".
func (o Order) String() string {
	switch {
	case o.lingering:
		return "a webhook answers until its last pod is gone"
	case o.evicted != nil:
		return fmt.Sprintf("the drain evicts pod %s after the others", o.evicted.key())
	case o.last != nil:
		return fmt.Sprintf("other workloads create their pods before %s and leave it the rest of a quota", o.last.Workload)
	}
	return "pods are created in the order of the workloads, a drain evicts in the order of its list, and a webhook stops answering once its last pod is marked for deletion"
}

// SetOrder sets the order of the next scenarios.
func (c *Cluster) SetOrder(o Order) {
	c.lifecycle.admission.order, c.drain.last = o, o.evicted
}

// Orders returns the other orders in which the scenario may end differently. It must be called within the scenario.
func (c *Cluster) Orders() (all []Order) {
	a := c.lifecycle.admission
	for _, q := range a.quotas {
		contenders := slices.Clone(q.refused)
		for _, one := range q.admitted {
			if !slices.Contains(contenders, one) {
				contenders = append(contenders, one)
			}
		}
		if len(q.refused) == 0 || len(contenders) == 1 {
			continue
		}
		for _, one := range contenders {
			if o := (Order{last: one}); !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	slices.SortFunc(all, func(a, b Order) int { return a.last.Index - b.last.Index })
	if a.lingered {
		all = append(all, Order{lingering: true})
	}
	return append(all, c.drain.orders()...)
}

// SteadyOrders returns the other orders in which the steady state may be different, for NewInOrder.
func (c *Cluster) SteadyOrders() []Order { return c.steadyOrders }

// inOrder calls do for each active controller. Their number may grow meanwhile.
func (c *Cluster) inOrder(do func(*Controller) error) error {
	last := c.lifecycle.admission.order.last
	for i := 0; i < len(c.observer.active); i++ {
		if one := c.observer.active[i]; one != last {
			if err := do(one); err != nil {
				return err
			}
		}
	}
	if last == nil || c.observer.observations[last] == nil {
		return nil
	}
	return do(last)
}

// lingers reports whether a pod of the webhook still terminates on a working node.
func (h *webhook) lingers() bool {
	return slices.ContainsFunc(h.backends, func(c *Controller) bool {
		return slices.ContainsFunc(c.pods, func(p *Pod) bool { return p.state == terminating && !p.onFailedNode() })
	})
}

// wake activates the controllers whose pods the API server has refused, because it may accept them now.
func (l *lifecycle) wake() {
	if len(l.admission.quotas)+len(l.admission.webhooks) == 0 {
		return
	}
	for _, c := range l.admission.controllers {
		if c.refused != "" {
			l.observer.activate(c)
		}
	}
}

// forgetOrders forgets who asked for the same quota, which webhooks lingered, and which budgets refused an eviction.
func (c *Cluster) forgetOrders() {
	a := c.lifecycle.admission
	a.lingered, c.drain.contested = false, nil
	for _, q := range a.quotas {
		q.refused, q.admitted = nil, nil
	}
}

// note adds one to a list once.
func note[T comparable](list *[]T, one T) {
	if !slices.Contains(*list, one) {
		*list = append(*list, one)
	}
}
