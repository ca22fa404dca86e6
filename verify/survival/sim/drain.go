package sim

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// drain evicts the pods of cordoned nodes as "kubectl drain --ignore-daemonsets --delete-emptydir-data" does: all that
// the budgets allow, and again until all are gone. Pods that come to a node later stay: kubectl lists the pods once (RunNodeDrain
// in k8s.io/kubectl/pkg/drain/default.go). An unmanaged pod prevents it without --force (k8s.io/kubectl/pkg/drain/filters.go).
type drain struct {
	lifecycle *lifecycle
	// nodes are the nodes that are drained at the same time, and listed are their pods when the drain began.
	nodes  []*Node
	listed []*Pod
	// force evicts unmanaged pods, too. No controller replaces them.
	force bool
	// contested are the budgets of pods whose eviction was refused at some time.
	contested []*budget
	// last is evicted after the others, because kubectl tries all of them at the same time; nil for the order of the list.
	last *Pod
}

// begin begins to drain a node.
func (d *drain) begin(n *Node) {
	set(d.lifecycle.journal, &d.nodes, append(slices.Clone(d.nodes), n))
	evicted := slices.DeleteFunc(slices.Clone(n.pods), func(p *Pod) bool { return p.controller.Workload.Kind == workload.DaemonSet })
	set(d.lifecycle.journal, &d.listed, slices.Concat(d.listed, evicted))
}

// end ends the drains: nothing evicts the pods that are left.
func (d *drain) end() {
	set(d.lifecycle.journal, &d.nodes, nil)
	set(d.lifecycle.journal, &d.listed, nil)
}

// left returns the pods that the drain waits for: those that it listed and that are not gone.
func (d *drain) left() []*Pod {
	return slices.DeleteFunc(slices.Clone(d.listed), func(p *Pod) bool { return !slices.Contains(p.node.pods, p) })
}

// evict evicts all pods that may be evicted now, and reports whether there was one.
func (d *drain) evict() (bool, error) {
	acted := false
	left := slices.DeleteFunc(d.left(), func(p *Pod) bool { return d.refuser(p.node) != nil })
	if i := slices.Index(left, d.last); i >= 0 {
		left = append(slices.Delete(left, i, i+1), d.last)
	}
	for _, p := range left {
		if !p.active() {
			continue
		}
		if evictionBlocker(p) != "" {
			for _, b := range p.budgets {
				note(&d.contested, b)
			}
			continue
		}
		if err := d.lifecycle.terminate(p, "evicted"); err != nil {
			return true, fmt.Errorf("evicting: %w", err)
		}
		acted = true
	}
	return acted, nil
}

// orders returns the orders of evictions in which the drain may end differently, if pods of a contested budget are not Ready at its end:
// such a pod takes the eviction that the budget allows from the pods that are evicted after it. Of pods without volumes, which are
// interchangeable, one is enough.
func (d *drain) orders() (all []Order) {
	var known []string
	for _, b := range d.contested {
		if !slices.ContainsFunc(b.pods, func(p *Pod) bool { return p.state != ready }) {
			continue
		}
		for _, p := range d.listed {
			if !slices.Contains(p.budgets, b) {
				continue
			}
			one := p.key()
			if len(p.mounts) == 0 {
				one = p.controller.Workload.String()
			}
			if !slices.Contains(known, one) {
				known = append(known, one)
				all = append(all, Order{evicted: p})
			}
		}
	}
	if len(all) == 1 {
		return nil
	}
	return all
}

// blocker returns why the drain has not ended, "" if it has.
func (d *drain) blocker() string {
	for _, n := range d.nodes {
		p := d.refuser(n)
		if p == nil {
			continue
		}
		return fmt.Sprintf("pod %s has no controller: kubectl drain refuses to delete it without --force", p.key())
	}
	left := d.left()
	if len(left) == 0 {
		return ""
	}
	p := left[0]
	reason := evictionBlocker(p)
	if reason == "" {
		reason = fmt.Sprintf("pod %s does not terminate", p.key())
	}
	for _, b := range p.budgets {
		for _, other := range b.pods {
			if blocker := other.Blocker(); blocker != "" {
				return reason + "; " + blocker
			}
			if c := other.controller; c.refused != "" {
				return reason + "; " + c.creationBlocker()
			}
			if why := other.controller.notLeader(); why != "" {
				return reason + "; " + why
			}
		}
	}
	return reason
}

// blockers returns the workloads that keep the drain from ending: those whose pods may not be evicted, and those whose pods
// that do not start count as unhealthy in their budgets. With unmanaged pods on the node it is these alone: no drain begins.
func (d *drain) blockers() []*workload.Workload {
	var all []*workload.Workload
	for _, n := range d.nodes {
		for _, p := range n.pods {
			if d.refuses(p) {
				all = append(all, p.controller.Workload)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	add := func(p *Pod) {
		if !slices.Contains(all, p.controller.Workload) {
			all = append(all, p.controller.Workload)
		}
	}
	for _, p := range d.left() {
		add(p)
		for _, b := range p.budgets {
			for _, other := range b.pods {
				if other.Blocker() != "" {
					add(other)
				}
			}
		}
	}
	return all
}

// refuser returns a pod because of which kubectl does not begin to drain a node, nil if there is none.
func (d *drain) refuser(n *Node) *Pod {
	for _, p := range n.pods {
		if d.refuses(p) {
			return p
		}
	}
	return nil
}

// refuses reports whether kubectl refuses to evict a pod without --force: it has no controller, or its DaemonSet does not exist
// (unreplicatedFilter and daemonSetFilter). Any other controller is enough, whether or not it is in the input.
func (d *drain) refuses(p *Pod) bool { return !d.force && p.Unmanaged() }
