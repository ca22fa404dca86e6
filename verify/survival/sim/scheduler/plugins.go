package scheduler

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultbinder"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/imagelocality"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeaffinity"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeports"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/schedulinggates"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/tainttoleration"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
)

// registry returns the plugins in use, with the given one in place of VolumeBinding. It passes the preemption plugin to
// keep.
func registry(volumes frameworkruntime.PluginFactory, keep func(*defaultpreemption.DefaultPreemption)) frameworkruntime.Registry {
	gates := feature.NewSchedulerFeaturesFromGates(utilfeature.DefaultFeatureGate)
	return frameworkruntime.Registry{
		schedulinggates.Name:                 frameworkruntime.FactoryAdapter(gates, schedulinggates.New),
		queuesort.Name:                       queuesort.New,
		nodeunschedulable.Name:               frameworkruntime.FactoryAdapter(gates, nodeunschedulable.New),
		nodename.Name:                        frameworkruntime.FactoryAdapter(gates, nodename.New),
		tainttoleration.Name:                 frameworkruntime.FactoryAdapter(gates, tainttoleration.New),
		nodeaffinity.Name:                    frameworkruntime.FactoryAdapter(gates, nodeaffinity.New),
		nodeports.Name:                       frameworkruntime.FactoryAdapter(gates, nodeports.New),
		noderesources.Name:                   frameworkruntime.FactoryAdapter(gates, noderesources.NewFit),
		podtopologyspread.Name:               frameworkruntime.FactoryAdapter(gates, podtopologyspread.New),
		interpodaffinity.Name:                frameworkruntime.FactoryAdapter(gates, interpodaffinity.New),
		noderesources.BalancedAllocationName: frameworkruntime.FactoryAdapter(gates, noderesources.NewBalancedAllocation),
		imagelocality.Name:                   imagelocality.New,
		names.VolumeBinding:                  volumes,
		defaultbinder.Name:                   defaultbinder.New,
		defaultpreemption.Name: func(ctx context.Context, args runtime.Object, h fwk.Handle) (fwk.Plugin, error) {
			p, err := defaultpreemption.New(ctx, args, h, gates)
			if err == nil {
				keep(p)
			}
			return p, err
		},
	}
}

// profile returns kube-scheduler's default profile without the plugins that the registry does not have.
func profile(plugins frameworkruntime.Registry) (*config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's default configuration: %w", err)
	}
	p := defaults.Profiles[0]
	p.Plugins.MultiPoint.Enabled = slices.DeleteFunc(p.Plugins.MultiPoint.Enabled, func(e config.Plugin) bool { return plugins[e.Name] == nil })
	return &p, nil
}
