// Package scheduler places pods as kube-scheduler does: with its plugins, their default settings and weights, and
// without its queues, caches and clients.
//
// The differences to kube-scheduler:
//   - It has no plugins for dynamic resources, declared node features and volumes. Callers pass the topology of
//     volumes instead.
//   - Nodes have no images.
//   - Among equally good nodes it takes an unreachable one that the pod tolerates, the worst case, otherwise the first by
//     name. kube-scheduler takes a random one.
//   - On large clusters kube-scheduler evaluates a sample of the nodes, this package all.
//
// The plugins run for one node of each group of nodes with the same result, see group.
package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// Scheduler places pods on nodes. Pods must be as the API server stores them: with defaults, and with matchLabelKeys
// merged into the selectors. It is not safe for concurrent use.
type Scheduler struct {
	nodes      *nodes
	listers    *listers
	relations  *relations
	snapshot   *snapshot
	groups     groups
	nominated  nominated
	volumes    volumes
	framework  framework.Framework
	preemption *defaultpreemption.DefaultPreemption
	// feasibleNodes is a buffer for Place.
	feasibleNodes []fwk.NodeInfo
	// exhaustive runs the plugins for every node, which tests compare with groups.
	exhaustive bool
}

var registerMetrics = sync.OnceFunc(metrics.Register)

// New returns a scheduler for nodes without pods, and without other objects; see SetObjects.
func New(ctx context.Context, all []*corev1.Node) (*Scheduler, error) {
	registerMetrics() // the plugins panic without
	s := &Scheduler{nodes: newNodes(all), listers: newListers(), groups: groups{index: map[string]int{}}, nominated: newNominated()}
	s.snapshot, s.relations = &snapshot{nodes: s.nodes}, newRelations(s.listers)
	plugins := registry(s.volumes.plugin, func(p *defaultpreemption.DefaultPreemption) { s.preemption = p })
	p, err := profile(plugins)
	if err != nil {
		return nil, err
	}
	s.framework, err = runtime.NewFramework(ctx, plugins, p, runtime.WithSnapshotSharedLister(s.snapshot), runtime.WithInformerFactory(s.listers.factory),
		runtime.WithPodNominator(s.nominated), runtime.WithParallelism(1))
	if err != nil {
		return nil, fmt.Errorf("creating the scheduler's plugins: %w", err)
	}
	s.preemption.MoreImportantPod = moreImportant
	return s, nil
}

// SetObjects replaces the objects that the plugins list.
func (s *Scheduler) SetObjects(objects ClusterObjects) error {
	s.relations.reset()
	return s.listers.replace(objects)
}

// Add adds a pod to the node in its spec.nodeName, whether it fits or not. The pod must have a UID, and must not change
// until it is removed.
func (s *Scheduler) Add(pod *corev1.Pod) error {
	s.listers.ensureNamespace(pod)
	return s.nodes.addPod(pod, s.listers.namespaces)
}

// Remove removes the pod with that UID from the node in its spec.nodeName.
func (s *Scheduler) Remove(pod *corev1.Pod) error { return s.nodes.removePod(pod) }

// Pods returns the pods on a node as "namespace/name", sorted.
func (s *Scheduler) Pods(node string) ([]string, error) {
	info, err := s.snapshot.Get(node)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range info.GetPods() {
		names = append(names, p.GetPod().Namespace+"/"+p.GetPod().Name)
	}
	slices.Sort(names)
	return names, nil
}

// SetNode adds a node or replaces its API object. Its pods stay.
func (s *Scheduler) SetNode(n *corev1.Node) { s.nodes.set(n) }

// RemoveNode removes a node with its pods.
func (s *Scheduler) RemoveNode(name string) { s.nodes.remove(name) }

// Nominate reserves capacity for a pod on the node in its status.nominatedNodeName. The pod must have a UID.
func (s *Scheduler) Nominate(pod *corev1.Pod) {
	s.listers.ensureNamespace(pod)
	s.nominated.add(pod)
}

// Withdraw ends the nomination of the pod with the same UID and nominated node.
func (s *Scheduler) Withdraw(pod *corev1.Pod) { s.nominated.remove(pod) }

// Place returns the name of the best node for a pod: the nominated node if it fits, otherwise the one with the highest
// score, see the package comment for equals. It does not add the pod. Each volume selector must match the node. The error
// is an *Unschedulable if no node fits.
func (s *Scheduler) Place(ctx context.Context, pod *corev1.Pod, volumes ...Volume) (string, error) {
	s.volumes.of = volumes
	state := framework.NewCycleState()
	fit, err := s.feasible(ctx, state, pod)
	if err != nil {
		return "", err
	}
	if len(fit) == 1 && fit[0].size == 1 {
		return fit[0].first().name(), nil
	}
	// The scores depend on the number of all feasible nodes.
	s.feasibleNodes = s.feasibleNodes[:0]
	firsts := make([]fwk.NodeInfo, len(fit))
	for i, g := range fit {
		firsts[i] = g.first().info
		for n := range g.each() {
			s.feasibleNodes = append(s.feasibleNodes, n.info)
		}
	}
	if status := s.framework.RunPreScorePlugins(ctx, state, pod, s.feasibleNodes); !status.IsSuccess() {
		return "", status.AsError()
	}
	scores, status := s.framework.RunScorePlugins(ctx, state, pod, firsts)
	if !status.IsSuccess() {
		return "", status.AsError()
	}
	// With a cancelled context the plugins stop early, without an error.
	if err := ctx.Err(); err != nil {
		return "", err
	}
	best := slices.MaxFunc(scores, func(a, b fwk.NodePluginScores) int {
		if a.TotalScore != b.TotalScore {
			return int(a.TotalScore - b.TotalScore)
		}
		return cmp.Or(s.unreachable(a.Name)-s.unreachable(b.Name), strings.Compare(b.Name, a.Name))
	})
	return best.Name, nil
}

// unreachable returns 1 for a node with the taint of a failed one, otherwise 0.
func (s *Scheduler) unreachable(node string) int {
	info, err := s.snapshot.Get(node)
	if err == nil && slices.ContainsFunc(info.Node().Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnreachable }) {
		return 1
	}
	return 0
}

// Feasible returns the names of all nodes that a pod fits on, sorted. Each volume selector must match them.
func (s *Scheduler) Feasible(ctx context.Context, pod *corev1.Pod, volumes ...Volume) ([]string, error) {
	s.volumes.of = volumes
	fit, err := s.feasible(ctx, framework.NewCycleState(), pod)
	var names []string
	for _, g := range fit {
		for n := range g.each() {
			names = append(names, n.name())
		}
	}
	slices.Sort(names)
	return names, err
}

// feasible returns the groups of nodes that a pod fits on.
func (s *Scheduler) feasible(ctx context.Context, state fwk.CycleState, pod *corev1.Pod) ([]group, error) {
	s.listers.ensureNamespace(pod)
	if err := s.listers.showServices(pod); err != nil {
		return nil, err
	}
	s.divide(pod)
	refused := &Unschedulable{Pod: strings.TrimPrefix(pod.Namespace+"/"+pod.Name, "/"), Reasons: map[string]int{}}
	only, status, _ := s.framework.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return nil, status.AsError()
		}
		refused.count(status, len(s.nodes.list))
		return nil, refused
	}
	if name := pod.Status.NominatedNodeName; name != "" {
		own := s.nodes.single(sets.New(name))
		if fit, err := s.filter(ctx, state, pod, own, &Unschedulable{Reasons: map[string]int{}}); err != nil || len(fit) > 0 {
			return fit, err
		}
	}
	groups := s.groups.all
	if !only.AllNodes() {
		groups = s.nodes.single(only.NodeNames)
	}
	fit, err := s.filter(ctx, state, pod, groups, refused)
	if err == nil && len(fit) == 0 {
		return nil, refused
	}
	return fit, err
}

// filter returns the groups of nodes that the plugins accept, and counts the reasons why they refuse others.
func (s *Scheduler) filter(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, groups []group, refused *Unschedulable) ([]group, error) {
	var fit []group
	for _, g := range groups {
		status := s.framework.RunFilterPluginsWithNominatedPods(ctx, state, pod, g.first().info)
		switch {
		case status.IsSuccess():
			fit = append(fit, g)
		case status.IsRejected():
			refused.count(status, g.size)
		default:
			return nil, status.AsError()
		}
	}
	return fit, nil
}

// divide divides the nodes into groups for a pod. The snapshot gets all nodes with pods that the plugins count, and one
// node of each other group: a domain without such pods.
func (s *Scheduler) divide(pod *corev1.Pod) {
	if s.exhaustive {
		s.groups.all = s.nodes.single(nil)
		s.snapshot.addAll()
		return
	}
	named := append(s.nodes.namedBy(s.volumes.terms()), s.nominated.nodes(s.nodes)...)
	s.groups.divide(s.nodes, pod, s.relations.of(pod), named)
	s.snapshot.reset()
	for _, g := range s.groups.all {
		for n := range g.each() {
			s.snapshot.add(n)
			if !g.counted {
				break
			}
		}
	}
}
