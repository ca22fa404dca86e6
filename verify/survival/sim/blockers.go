package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// blocker is why a pod is not Ready and does not become so.
type blocker struct {
	// one is the sentence for the pod alone. many is the predicate for several pods, and the same for all with the same reason.
	one, many string
}

// blocker returns why the pod does not become Ready, nil if it does.
func (p *Pod) blocker() *blocker {
	name := "pod " + p.key()
	switch {
	case p.state == pending && p.unschedulable != nil:
		return &blocker{one: p.unschedulable.Error(), many: "fit on no node: " + p.unschedulable.Summary()}
	case p.state == starting && p.attachWait != nil:
		return &blocker{one: fmt.Sprintf("%s waits %s", name, p.attachWait), many: fmt.Sprintf("wait %s", p.attachWait)}
	case p.broken():
		return &blocker{one: fmt.Sprintf("%s is not Ready: %s", name, p.fault), many: fmt.Sprintf("are not Ready: %s", p.fault)}
	case p.onFailedNode() && p.controller.keepsNames():
		return &blocker{
			one:  fmt.Sprintf("%s is on failed node %s and is replaced only when the node is back, removed, or marked as shut down: kubectl taint nodes %s %s", name, p.node.Name(), p.node.Name(), outOfService),
			many: fmt.Sprintf("are on failed nodes and are replaced only when the nodes are back, removed, or marked as shut down: kubectl taint nodes NODE %s", outOfService),
		}
	}
	return nil
}

// outOfService is the taint by which the control plane deletes the pods of a failed node and detaches their volumes
// (processPodsOnNode in pkg/controller/podgc, and the attach-detach controller).
const outOfService = corev1.TaintNodeOutOfService + "=nodeshutdown:NoExecute"

// Blocker returns why the pod does not become Ready, "" if it does.
func (p *Pod) Blocker() string {
	if b := p.blocker(); b != nil {
		return b.one
	}
	return ""
}

// Blockers returns why pods do not become Ready, one sentence for all pods with the same reason.
func (c *Controller) Blockers() []string {
	var order []*blocker
	first, count := map[string]*Pod{}, map[string]int{}
	for _, p := range c.pods {
		b := p.blocker()
		if b == nil {
			continue
		}
		if count[b.many] == 0 {
			first[b.many] = p
			order = append(order, b)
		}
		count[b.many]++
	}
	var list []string
	for _, b := range order {
		if others := count[b.many] - 1; others > 0 {
			list = append(list, fmt.Sprintf("pod %s and %d more %s", first[b.many].key(), others, b.many))
		} else {
			list = append(list, b.one)
		}
	}
	if c.refused != "" {
		list = append(list, c.creationBlocker())
	}
	if reason := c.notLeader(); reason != "" && len(c.pods) < c.replicas && c.keepsNames() {
		list = append(list, fmt.Sprintf("%d of %d pods are not created: %s", c.replicas-len(c.pods), c.replicas, reason))
	}
	if outdated := func(p *Pod) bool { return p.active() && p.revision != c.revision }; slices.ContainsFunc(c.pods, outdated) {
		switch c.Workload.Rollout.Type {
		case "OnDelete":
			list = append(list, fmt.Sprintf("pods of %s keep their old template until a person or an operator deletes them (update strategy OnDelete)", c.Workload))
		case workload.Paused:
			list = append(list, fmt.Sprintf("pods of %s keep their old template until it is resumed (spec.paused)", c.Workload))
		}
	}
	for _, r := range c.surplus {
		list = append(list, fmt.Sprintf("pod %s, beyond the replicas, is not Ready: %s", strings.TrimPrefix(c.Workload.Namespace+"/"+r.Name, "/"), r.Reason))
	}
	return list
}

// creationBlocker returns why no more pods are created.
func (c *Controller) creationBlocker() string {
	return fmt.Sprintf("new pods of %s are refused: %s", c.Workload, c.refused)
}

// RolloutBlocker returns why a rollout has not ended, "" if it has. A rollout that waits ends at once: it replaces no pod.
func (c *Controller) RolloutBlocker() string {
	if c.Workload.Rollout.Waits() {
		return ""
	}
	updated := 0
	for _, p := range c.pods {
		if p.revision == c.revision && (p.available() || p.standsBy()) {
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
	if c.refused != "" {
		return c.creationBlocker()
	}
	if reason := c.notLeader(); reason != "" {
		return reason
	}
	for _, p := range c.pods {
		if p.onFailedNode() {
			return fmt.Sprintf("pod %s is on failed node %s and counts until the node is removed", p.key(), p.node.Name())
		}
	}
	return cmp.Or(c.Workload.KeepsOld, "pods are not replaced")
}
