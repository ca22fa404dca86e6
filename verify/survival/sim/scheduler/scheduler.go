// Package scheduler places pods as kube-scheduler does: with its own plugins, their own default settings and weights, and
// nothing of its queues, caches and clients.
//
// It differs in three things. Of the default plugins are left out dynamic resources, declared features of nodes, and those for
// volumes, which need a client: where disks can be used is said with the pod. Nodes know no images. And of equally good nodes it takes the first by name, where kube-scheduler draws lots: what it
// says is one of the things that may happen, and not what always does.
//
// The plugins are asked about one node of each set that comes out the same (see cell), where kube-scheduler looks at a
// sample of the nodes of a large cluster. The answer is that of all nodes.
package scheduler

import (
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

// Scheduler places pods on the nodes it knows. It is not for use by several goroutines.
type Scheduler struct {
	nodes     *nodes
	listers   *listers
	shown     *lister
	cells     cells
	nominated nominated
	volumes   volumes
	framework framework.Framework
	preempts  *defaultpreemption.DefaultPreemption
	// fit is what feasible found last.
	fit []fwk.NodeInfo
	// plain asks about every node: what the cells are held against in the tests.
	plain bool
}

var registerMetrics = sync.OnceFunc(metrics.Register)

// New makes a scheduler for nodes without pods, which are in namespaces without labels and belong to nothing; see Know.
func New(ctx context.Context, all []*corev1.Node) (*Scheduler, error) {
	registerMetrics() // the plugins count what they do, and nobody reads it
	s := &Scheduler{nodes: newNodes(all), listers: newListers(), cells: cells{groups: map[string]int{}}, nominated: newNominated()}
	s.shown = &lister{nodes: s.nodes}
	known := registry(s.volumes.plugin, func(p *defaultpreemption.DefaultPreemption) { s.preempts = p })
	p, err := profile(known)
	if err != nil {
		return nil, err
	}
	s.framework, err = runtime.NewFramework(ctx, known, p, runtime.WithSnapshotSharedLister(s.shown), runtime.WithInformerFactory(s.listers.factory),
		runtime.WithPodNominator(s.nominated), runtime.WithParallelism(1))
	if err != nil {
		return nil, fmt.Errorf("the scheduler's plugins: %w", err)
	}
	s.preempts.MoreImportantPod = moreImportant
	return s, nil
}

// Know tells of objects, instead of those that it was told of before.
func (s *Scheduler) SetObjects(k ClusterObjects) error { return s.listers.replace(k) }

// Add puts a pod on the node that its spec names, whether it fits or not. The pod must have a UID, and must not change
// while it is there.
func (s *Scheduler) Add(pod *corev1.Pod) error {
	s.listers.meet(pod)
	return s.nodes.addPod(pod)
}

// Remove takes the pod of that UID off the node that its spec names.
func (s *Scheduler) Remove(pod *corev1.Pod) error { return s.nodes.removePod(pod) }

// Pods lists the names of the pods on a node, in order.
func (s *Scheduler) Pods(node string) ([]string, error) {
	info, err := s.shown.Get(node)
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

// SetNode adds a node, or changes its labels, taints or size; its pods stay.
func (s *Scheduler) SetNode(n *corev1.Node) { s.nodes.set(n) }

// RemoveNode takes a node away with the pods on it.
func (s *Scheduler) RemoveNode(name string) { s.nodes.remove(name) }

// Place finds the best node for a pod and returns its name; of equally good ones the first by name, where kube-scheduler
// draws lots. A node that the pod's status nominates is the best one. The pod is not put there. Its disks can be used on nodes that
// each selector matches, on all if there is none. It is an *Unschedulable if no node will do.
func (s *Scheduler) Place(ctx context.Context, pod *corev1.Pod, disks ...*corev1.NodeSelector) (string, error) {
	s.volumes.on = disks
	state := framework.NewCycleState()
	fit, err := s.feasible(ctx, state, pod)
	if err != nil {
		return "", err
	}
	if len(fit) == 1 && fit[0].size == 1 {
		return fit[0].first().name(), nil
	}
	// How many nodes there are to choose from has a weight in the scores of all.
	s.fit = s.fit[:0]
	firsts := make([]fwk.NodeInfo, len(fit))
	for i, c := range fit {
		firsts[i] = c.first().info
		for n := range c.each() {
			s.fit = append(s.fit, n.info)
		}
	}
	if status := s.framework.RunPreScorePlugins(ctx, state, pod, s.fit); !status.IsSuccess() {
		return "", status.AsError()
	}
	scores, status := s.framework.RunScorePlugins(ctx, state, pod, firsts)
	if !status.IsSuccess() {
		return "", status.AsError()
	}
	best := slices.MaxFunc(scores, func(a, b fwk.NodePluginScores) int {
		if a.TotalScore != b.TotalScore {
			return int(a.TotalScore - b.TotalScore)
		}
		return strings.Compare(b.Name, a.Name)
	})
	return best.Name, nil
}

// Feasible lists the nodes that a pod with such disks may be put on, by name.
func (s *Scheduler) Feasible(ctx context.Context, pod *corev1.Pod, disks ...*corev1.NodeSelector) ([]string, error) {
	s.volumes.on = disks
	fit, err := s.feasible(ctx, framework.NewCycleState(), pod)
	var names []string
	for _, c := range fit {
		for n := range c.each() {
			names = append(names, n.name())
		}
	}
	slices.Sort(names)
	return names, err
}

// feasible finds the cells of nodes that a pod may be put on.
func (s *Scheduler) feasible(ctx context.Context, state fwk.CycleState, pod *corev1.Pod) ([]cell, error) {
	s.listers.meet(pod)
	if err := s.listers.show(pod); err != nil {
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
	cells := s.cells.all
	if !only.AllNodes() {
		cells = s.nodes.single(only.NodeNames)
	}
	fit, err := s.filter(ctx, state, pod, cells, refused)
	if err == nil && len(fit) == 0 {
		return nil, refused
	}
	return fit, err
}

// filter finds the cells of nodes that the plugins accept, and counts the reasons against the others.
func (s *Scheduler) filter(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, cells []cell, refused *Unschedulable) ([]cell, error) {
	var fit []cell
	for _, c := range cells {
		status := s.framework.RunFilterPluginsWithNominatedPods(ctx, state, pod, c.first().info)
		switch {
		case status.IsSuccess():
			fit = append(fit, c)
		case status.IsRejected():
			refused.count(status, c.size)
		default:
			return nil, status.AsError()
		}
	}
	return fit, nil
}

// divide makes the cells for a pod, and shows the plugins all nodes with pods that they count, and one of each other cell:
// a domain in which they count nothing.
func (s *Scheduler) divide(pod *corev1.Pod) {
	if s.plain {
		s.cells.all = s.nodes.single(nil)
		s.shown.showAll()
		return
	}
	apart := append(s.nodes.namedBy(s.volumes.terms()), s.nominated.nodes(s.nodes)...)
	s.cells.divide(s.nodes, pod, s.listers.interestOf(pod), apart)
	s.shown.reset()
	for _, c := range s.cells.all {
		for n := range c.each() {
			s.shown.add(n)
			if !c.counts {
				break
			}
		}
	}
}
