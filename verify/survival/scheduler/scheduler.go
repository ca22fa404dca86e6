// Package scheduler places pods as kube-scheduler does: with its own plugins, their own default settings and weights, and
// nothing of its queues, caches and clients.
//
// Of the default plugins are left out: those for volumes, which need a client (a claim's zone comes in as node affinity,
// which is what it is in a PersistentVolume), dynamic resources, and preemption.
package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultbinder"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/imagelocality"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeports"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/schedulinggates"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/tainttoleration"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// Scheduler places pods on the nodes it knows. It is not for use by several goroutines.
type Scheduler struct {
	nodes     *nodes
	framework framework.Framework
}

// registry has the plugins that are used.
func registry() runtime.Registry {
	gates := feature.NewSchedulerFeaturesFromGates(utilfeature.DefaultFeatureGate)
	return runtime.Registry{
		schedulinggates.Name:                 runtime.FactoryAdapter(gates, schedulinggates.New),
		queuesort.Name:                       queuesort.New,
		nodeunschedulable.Name:               runtime.FactoryAdapter(gates, nodeunschedulable.New),
		nodename.Name:                        runtime.FactoryAdapter(gates, nodename.New),
		tainttoleration.Name:                 runtime.FactoryAdapter(gates, tainttoleration.New),
		nodeaffinity.Name:                    runtime.FactoryAdapter(gates, nodeaffinity.New),
		nodeports.Name:                       runtime.FactoryAdapter(gates, nodeports.New),
		noderesources.Name:                   runtime.FactoryAdapter(gates, noderesources.NewFit),
		podtopologyspread.Name:               runtime.FactoryAdapter(gates, podtopologyspread.New),
		interpodaffinity.Name:                runtime.FactoryAdapter(gates, interpodaffinity.New),
		noderesources.BalancedAllocationName: runtime.FactoryAdapter(gates, noderesources.NewBalancedAllocation),
		imagelocality.Name:                   imagelocality.New,
		defaultbinder.Name:                   defaultbinder.New,
	}
}

// profile is the scheduler's own default, without the plugins that the registry does not have.
func profile(known runtime.Registry) (*config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("the scheduler's default configuration: %w", err)
	}
	p := defaults.Profiles[0]
	p.Plugins.MultiPoint.Enabled = slices.DeleteFunc(p.Plugins.MultiPoint.Enabled, func(e config.Plugin) bool { return known[e.Name] == nil })
	return &p, nil
}

var registerMetrics = sync.OnceFunc(metrics.Register)

// New makes a scheduler for nodes without pods.
func New(ctx context.Context, all []*corev1.Node) (*Scheduler, error) {
	registerMetrics() // the plugins count what they do, and nobody reads it
	known := registry()
	p, err := profile(known)
	if err != nil {
		return nil, err
	}
	s := &Scheduler{nodes: newNodes(all)}
	// It knows no namespace and no Service: terms that select namespaces by their labels select none.
	none := informers.NewSharedInformerFactory(nil, 0)
	s.framework, err = runtime.NewFramework(ctx, known, p, runtime.WithSnapshotSharedLister(s.nodes), runtime.WithInformerFactory(none), runtime.WithParallelism(1))
	if err != nil {
		return nil, fmt.Errorf("the scheduler's plugins: %w", err)
	}
	return s, nil
}

// Add puts a pod on the node that its spec names, whether it fits or not.
func (s *Scheduler) Add(pod *corev1.Pod) error { return s.nodes.addPod(pod) }

// Remove takes a pod off the node that its spec names.
func (s *Scheduler) Remove(pod *corev1.Pod) error { return s.nodes.removePod(pod) }

// Pods lists the names of the pods on a node, in order.
func (s *Scheduler) Pods(node string) ([]string, error) {
	info, err := s.nodes.Get(node)
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

// Unschedulable says why a pod fits on no node: how many nodes each plugin refused, and the reasons in its words.
type Unschedulable struct {
	Pod     string
	Reasons map[string]int
}

func (u *Unschedulable) Error() string {
	reasons := make([]string, 0, len(u.Reasons))
	for reason, count := range u.Reasons {
		reasons = append(reasons, fmt.Sprintf("%d %s", count, reason))
	}
	slices.Sort(reasons)
	text := fmt.Sprintf("pod %s fits on no node", u.Pod)
	for i, reason := range reasons {
		text += map[bool]string{true: ": ", false: ", "}[i == 0] + reason
	}
	return text
}

// Place finds the best node for a pod and returns its name; of equally good ones the first by name, where kube-scheduler
// draws lots. The pod is not put there. It is an *Unschedulable if no node will do.
func (s *Scheduler) Place(ctx context.Context, pod *corev1.Pod) (string, error) {
	state := framework.NewCycleState()
	fit, err := s.feasible(ctx, state, pod)
	if err != nil {
		return "", err
	}
	if len(fit) == 1 {
		return fit[0].Node().Name, nil
	}
	if status := s.framework.RunPreScorePlugins(ctx, state, pod, fit); !status.IsSuccess() {
		return "", status.AsError()
	}
	scores, status := s.framework.RunScorePlugins(ctx, state, pod, fit)
	if !status.IsSuccess() {
		return "", status.AsError()
	}
	best := slices.MaxFunc(scores, func(a, b fwk.NodePluginScores) int { return int(a.TotalScore - b.TotalScore) })
	return best.Name, nil
}

// Feasible lists the nodes that a pod may be put on.
func (s *Scheduler) Feasible(ctx context.Context, pod *corev1.Pod) ([]string, error) {
	fit, err := s.feasible(ctx, framework.NewCycleState(), pod)
	names := make([]string, len(fit))
	for i, info := range fit {
		names[i] = info.Node().Name
	}
	return names, err
}

func (s *Scheduler) feasible(ctx context.Context, state fwk.CycleState, pod *corev1.Pod) ([]fwk.NodeInfo, error) {
	refused := &Unschedulable{Pod: pod.Namespace + "/" + pod.Name, Reasons: map[string]int{}}
	only, status, _ := s.framework.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return nil, status.AsError()
		}
		for _, reason := range status.Reasons() {
			refused.Reasons[reason] = len(s.nodes.list)
		}
		return nil, refused
	}
	var fit []fwk.NodeInfo
	for _, info := range s.nodes.list {
		if !only.AllNodes() && !only.NodeNames.Has(info.Node().Name) {
			continue
		}
		status := s.framework.RunFilterPlugins(ctx, state, pod, info)
		switch {
		case status.IsSuccess():
			fit = append(fit, info)
		case status.IsRejected():
			for _, reason := range status.Reasons() {
				refused.Reasons[reason]++
			}
		default:
			return nil, status.AsError()
		}
	}
	if len(fit) == 0 {
		return nil, refused
	}
	return fit, nil
}
