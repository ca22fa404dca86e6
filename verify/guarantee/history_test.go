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

// history finds out by trial what can happen to the pods of one workload: from nothing, every order in which pods of two
// revisions come where the real scheduler lets them, and go, to the end. It knows nothing of how bounds are found.
type history struct {
	t       *testing.T
	cluster cluster.Cluster
	of      *workload.Workload
	// one and both are how many pods there may be at once, of one revision and of all.
	one, both  int
	zones      []string
	troubles   []trouble
	schedulers []*scheduler.Scheduler
	// pods are those that may be on each node, coming those that look for one.
	pods   [revisions][maxNodes][]*corev1.Pod
	coming [revisions]*corev1.Pod
}

// state is how many pods of each revision are on each node, and what is wrong with the nodes.
type state struct {
	pods [revisions][maxNodes]int8
	away int
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

// trouble is something wrong with nodes, one at a time.
type trouble struct {
	nodes             []int
	cordoned, deleted bool
}

// everyTrouble lists them; the first is none. Nodes are cordoned one by one; in a history with failures a node or a zone may be
// silent or deleted.
func (h *history) everyTrouble(failures bool) []trouble {
	all := []trouble{{}}
	var groups [][]int
	for i := range h.cluster.Nodes {
		all = append(all, trouble{nodes: []int{i}, cordoned: true})
		groups = append(groups, []int{i})
	}
	for _, zone := range h.zones {
		groups = append(groups, h.in(zone))
	}
	if failures {
		for _, g := range groups {
			all = append(all, trouble{nodes: g}, trouble{nodes: g, deleted: true})
		}
	}
	return all
}

func (h *history) in(zone string) []int {
	var nodes []int
	for i, n := range h.cluster.Nodes {
		if n.Labels[cluster.ZoneLabel] == zone {
			nodes = append(nodes, i)
		}
	}
	return nodes
}

// places are the nodes on which the scheduler would put a pod of a revision.
func (h *history) places(s state, revision int) []int {
	on := h.schedulers[s.away]
	if on == nil {
		return nil
	}
	var there []*corev1.Pod
	for r := range revisions {
		for i := range h.cluster.Nodes {
			there = append(there, h.pods[r][i][:s.pods[r][i]]...)
		}
	}
	for _, pod := range there {
		if err := on.Add(pod); err != nil {
			h.t.Fatal(err)
		}
	}
	names, err := on.Feasible(context.Background(), h.coming[revision])
	if refused := (*scheduler.Unschedulable)(nil); err != nil && !errors.As(err, &refused) {
		h.t.Fatal(err)
	}
	for _, pod := range there {
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

// prepare makes a scheduler for each trouble, nil where no node is left, and the pods.
func (h *history) prepare(troubles []trouble) {
	h.troubles, h.schedulers = troubles, nil
	for _, t := range troubles {
		var nodes []*corev1.Node
		for i, n := range h.cluster.Nodes {
			if slices.Contains(t.nodes, i) {
				if t.deleted {
					continue
				}
				n = n.DeepCopy()
				key := corev1.TaintNodeUnreachable
				if t.cordoned {
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
		h.coming[r] = h.of.Pod(0, r+1)
		for i, n := range h.cluster.Nodes {
			h.pods[r][i] = nil
			for number := range h.both {
				pod := h.of.Pod(100*i+number+1, r+1)
				pod.Spec.NodeName = n.Name
				h.pods[r][i] = append(h.pods[r][i], pod)
			}
		}
	}
}

// walk goes through all states that can come about, and calls visit with each.
func (h *history) walk(only int, removals bool, visit func(state)) {
	seen := map[state]bool{{}: true}
	todo := []state{{}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		visit(s)
		reach := func(next state) {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
		for r := range only {
			if s.total(r) < h.one && s.total(0)+s.total(1) < h.both {
				for _, i := range h.places(s, r) {
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
		if s.away > 0 {
			next := s
			next.away = 0
			reach(next)
			continue
		}
		for a, t := range h.troubles[1:] {
			next := s
			next.away = a + 1
			for _, i := range t.nodes {
				for r := range revisions {
					if !t.cordoned {
						next.pods[r][i] = 0
					}
				}
			}
			reach(next)
		}
	}
}

// worst is the most pods that a node and a zone hold in the states at rest of a walk.
func (h *history) worst(only int, removals bool, troubles []trouble) (node, zone int) {
	h.prepare(troubles)
	h.walk(only, removals, func(s state) {
		if s.away > 0 || s.total(0) > 0 && s.total(1) > 0 {
			return
		}
		for r := range revisions {
			for _, pods := range s.pods[r] {
				node = max(node, int(pods))
			}
			for _, name := range h.zones {
				sum := 0
				for _, i := range h.in(name) {
					sum += int(s.pods[r][i])
				}
				zone = max(zone, sum)
			}
		}
	})
	return node, zone
}

func (h *history) String() string {
	text := fmt.Sprintf("%s, %d pods, surge %d, ", h.of.Kind, h.of.Replicas, h.of.Rollout.MaxSurge)
	for _, n := range h.cluster.Nodes {
		text += fmt.Sprintf("%s(zone %q, pods %v, taints %d) ", n.Name, n.Labels[cluster.ZoneLabel], n.Status.Allocatable.Pods(), len(n.Spec.Taints))
	}
	return fmt.Sprintf("%s\n spread %+v\n affinity %+v", text, h.of.Template.Spec.TopologySpreadConstraints, h.of.Template.Spec.Affinity)
}
