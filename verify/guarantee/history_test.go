package guarantee_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// search visits every state that the pods of one workload can reach, starting without pods: pods of two revisions are placed
// where the real scheduler allows it, and removed, in every order. It is independent of how bounds are computed.
type search struct {
	t        *testing.T
	cluster  cluster.Cluster
	workload *workload.Workload
	// perRevision and allRevisions are the most pods at once.
	perRevision, allRevisions int
	zones                     []string
	// faults are the possible faults of a state, with a scheduler for each: nil if no node is left.
	faults     []fault
	schedulers []*scheduler.Scheduler
	// placed are the pods that may be on each node, pending the pods to place next.
	placed  [revisions][maxNodes][]*corev1.Pod
	pending [revisions]*corev1.Pod
}

// state is the number of pods of each revision on each node, and the index of the current fault.
type state struct {
	pods  [revisions][maxNodes]int8
	fault int
}

const (
	revisions = 2
	maxNodes  = 4
)

func (s state) total(revision int) int {
	n := 0
	for _, pods := range s.pods[revision] {
		n += int(pods)
	}
	return n
}

// fault is a group of nodes that is cordoned, deleted or, without both, unreachable. The zero value is no fault.
type fault struct {
	nodes             []int
	cordoned, deleted bool
}

// everyFault lists all faults, and no fault first. Nodes are cordoned one by one. With failures, a node or a zone may be
// unreachable or deleted.
func (h *search) everyFault(failures bool) []fault {
	all := []fault{{}}
	var groups [][]int
	for i := range h.cluster.Nodes {
		all = append(all, fault{nodes: []int{i}, cordoned: true})
		groups = append(groups, []int{i})
	}
	for _, zone := range h.zones {
		groups = append(groups, h.nodesIn(zone))
	}
	if failures {
		for _, g := range groups {
			all = append(all, fault{nodes: g}, fault{nodes: g, deleted: true})
		}
	}
	return all
}

func (h *search) nodesIn(zone string) []int {
	var nodes []int
	for i, n := range h.cluster.Nodes {
		if n.Labels[cluster.ZoneLabel] == zone {
			nodes = append(nodes, i)
		}
	}
	return nodes
}

// feasible lists the nodes on which the scheduler can place a pod of a revision.
func (h *search) feasible(s state, revision int) []int {
	on := h.schedulers[s.fault]
	if on == nil {
		return nil
	}
	var existing []*corev1.Pod
	for r := range revisions {
		for i := range h.cluster.Nodes {
			existing = append(existing, h.placed[r][i][:s.pods[r][i]]...)
		}
	}
	for _, pod := range existing {
		if err := on.Add(pod); err != nil {
			h.t.Fatal(err)
		}
	}
	names, err := on.Feasible(context.Background(), h.pending[revision])
	if refused := (*scheduler.Unschedulable)(nil); err != nil && !errors.As(err, &refused) {
		h.t.Fatal(err)
	}
	for _, pod := range existing {
		if err := on.Remove(pod); err != nil {
			h.t.Fatal(err)
		}
	}
	var found []int
	for i, n := range h.cluster.Nodes {
		if slices.Contains(names, n.Name) {
			found = append(found, i)
		}
	}
	return found
}

// prepare creates the schedulers of the faults, and the pods.
func (h *search) prepare(faults []fault) {
	h.faults, h.schedulers = faults, nil
	for _, f := range faults {
		var nodes []*corev1.Node
		for i, n := range h.cluster.Nodes {
			if slices.Contains(f.nodes, i) {
				if f.deleted {
					continue
				}
				n = n.DeepCopy()
				key := corev1.TaintNodeUnreachable
				if f.cordoned {
					key, n.Spec.Unschedulable = corev1.TaintNodeUnschedulable, true
				}
				n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule})
			}
			nodes = append(nodes, n)
		}
		var s *scheduler.Scheduler
		if len(nodes) > 0 {
			var err error
			if s, err = scheduler.New(h.t.Context(), nodes); err != nil {
				h.t.Fatal(err)
			}
		}
		h.schedulers = append(h.schedulers, s)
	}
	for r := range revisions {
		h.pending[r] = h.workload.Pod(0, r+1)
		for i, n := range h.cluster.Nodes {
			h.placed[r][i] = nil
			for number := range h.allRevisions {
				pod := h.workload.Pod(100*i+number+1, r+1)
				pod.Spec.NodeName = n.Name
				h.placed[r][i] = append(h.placed[r][i], pod)
			}
		}
	}
}

// walk calls visit with every reachable state of pods of the first revisions.
func (h *search) walk(revisions int, removals bool, visit func(state)) {
	seen := map[state]bool{{}: true}
	queue := []state{{}}
	for len(queue) > 0 {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		visit(s)
		reach := func(next state) {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
		for r := range revisions {
			if s.total(r) < h.perRevision && s.total(0)+s.total(1) < h.allRevisions {
				for _, i := range h.feasible(s, r) {
					next := s
					next.pods[r][i]++
					reach(next)
				}
			}
			if !removals {
				continue
			}
			for i, pods := range s.pods[r] {
				if pods > 0 {
					next := s
					next.pods[r][i]--
					reach(next)
				}
			}
		}
		if s.fault > 0 {
			next := s
			next.fault = 0
			reach(next)
			continue
		}
		for at, f := range h.faults[1:] {
			next := s
			next.fault = at + 1
			for _, i := range f.nodes {
				for r := range next.pods {
					if !f.cordoned {
						next.pods[r][i] = 0
					}
				}
			}
			reach(next)
		}
	}
}

// worst returns the most pods that a node and a zone hold in the reachable steady states: without a fault, with one revision.
func (h *search) worst(revisions int, removals bool, faults []fault) (node, zone int) {
	h.prepare(faults)
	h.walk(revisions, removals, func(s state) {
		if s.fault > 0 || s.total(0) > 0 && s.total(1) > 0 {
			return
		}
		for r := range s.pods {
			for _, pods := range s.pods[r] {
				node = max(node, int(pods))
			}
			for _, name := range h.zones {
				sum := 0
				for _, i := range h.nodesIn(name) {
					sum += int(s.pods[r][i])
				}
				zone = max(zone, sum)
			}
		}
	})
	return node, zone
}

func (h *search) String() string {
	text := fmt.Sprintf("%s, %d pods, surge %d, ", h.workload.Kind, h.workload.Replicas, h.workload.Rollout.MaxSurge)
	for _, n := range h.cluster.Nodes {
		text += fmt.Sprintf("%s(zone %q, pods %v, taints %d) ", n.Name, n.Labels[cluster.ZoneLabel], n.Status.Allocatable.Pods(), len(n.Spec.Taints))
	}
	return fmt.Sprintf("%s\n spread %+v\n affinity %+v", text, h.workload.Template.Spec.TopologySpreadConstraints, h.workload.Template.Spec.Affinity)
}
