package sim

import (
	"fmt"
	"slices"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Blocker returns why the pod cannot start, "" if it can.
func (p *Pod) Blocker() string {
	switch {
	case p.state == pending && p.unschedulable != nil:
		return p.unschedulable.Error()
	case p.state == starting && p.attachWait != nil:
		return fmt.Sprintf("pod %s waits %s", p.key(), p.attachWait)
	}
	return ""
}

// blockerWith returns why a number of pods cannot start: this one and others with the same reason.
func (p *Pod) blockerWith(others int) string {
	switch {
	case others == 0:
		return p.Blocker()
	case p.attachWait != nil:
		return fmt.Sprintf("pod %s and %d more wait %s", p.key(), others, p.attachWait)
	}
	return fmt.Sprintf("pod %s and %d more fit on no node: %s", p.key(), others, p.unschedulable.Summary())
}

// blockerReason returns the reason in Blocker without the name of the pod.
func (p *Pod) blockerReason() string {
	if p.attachWait != nil {
		return p.attachWait.String()
	}
	return p.unschedulable.Summary()
}

// Blockers returns why pods do not start, one sentence for all pods with the same reason.
func (c *Controller) Blockers() []string {
	var first []*Pod
	count := map[string]int{}
	for _, p := range c.pods {
		if p.Blocker() == "" {
			continue
		}
		reason := p.blockerReason()
		if count[reason] == 0 {
			first = append(first, p)
		}
		count[reason]++
	}
	var list []string
	for _, p := range first {
		list = append(list, p.blockerWith(count[p.blockerReason()]-1))
	}
	return list
}

// RolloutBlocker returns why a rollout has not ended, "" if it has. With the strategy OnDelete it ends at once.
func (c *Controller) RolloutBlocker() string {
	if c.Workload.Rollout.Type == "OnDelete" {
		return ""
	}
	updated := 0
	for _, p := range c.pods {
		if p.revision == c.revision && p.available() {
			updated++
		}
	}
	partition := 0
	if c.Workload.Kind == workload.StatefulSet {
		partition = c.Workload.Rollout.Partition
	}
	outdated := func(p *Pod) bool {
		kept := c.Workload.Kind == workload.StatefulSet && p.index < partition
		return p.active() && p.revision != c.revision && !kept && !p.onFailedNode()
	}
	if updated >= max(0, c.Replicas()-partition) && !slices.ContainsFunc(c.pods, outdated) {
		return ""
	}
	for _, p := range c.pods {
		if blocker := p.Blocker(); blocker != "" {
			return blocker
		}
	}
	for _, p := range c.pods {
		if p.onFailedNode() {
			return fmt.Sprintf("pod %s is on failed node %s and counts until the node is removed", p.key(), p.node.Name())
		}
	}
	return "pods are not replaced"
}
