package availability

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Cost is what pods ask of a cluster.
type Cost struct {
	// Pods is how many have a place.
	Pods int `json:"pods"`
	// CPU is what they request together, as Kubernetes writes quantities: 370m.
	CPU resource.Quantity `json:"cpu"`
	// Memory is the same of memory: 992Mi.
	Memory resource.Quantity `json:"memory"`
	// Disk is what the claims ask for that are made for each of them.
	Disk resource.Quantity `json:"disk"`
	// ZonePairs is over how many pairs of zones the pods of a quorum send all that they store.
	ZonePairs int `json:"zonePairs"`
}

// costOf is that of the pods of a workload that have a place.
func costOf(w *workload.Workload, on []Spot) Cost {
	c, zones := Cost{}, map[string]bool{}
	for _, spot := range on {
		c.Pods += spot.Pods
		if spot.Zone != "" {
			zones[spot.Zone] = true
		}
	}
	requests := resourcehelper.PodRequests(w.Pod(0, 1), resourcehelper.PodResourcesOptions{})
	c.CPU, c.Memory = requests[corev1.ResourceCPU], requests[corev1.ResourceMemory]
	for _, claim := range w.Claims {
		c.Disk.Add(claim.Spec.Resources.Requests[corev1.ResourceStorage])
	}
	for _, q := range []*resource.Quantity{&c.CPU, &c.Memory, &c.Disk} {
		q.Mul(int64(c.Pods))
	}
	if w.Replication.Model == workload.Quorum {
		c.ZonePairs = len(zones) * (len(zones) - 1) / 2
	}
	return c
}

// Add is the cost of both.
func (c Cost) Add(other Cost) Cost {
	sum := Cost{Pods: c.Pods + other.Pods, CPU: c.CPU.DeepCopy(), Memory: c.Memory.DeepCopy(), Disk: c.Disk.DeepCopy(), ZonePairs: c.ZonePairs + other.ZonePairs}
	sum.CPU.Add(other.CPU)
	sum.Memory.Add(other.Memory)
	sum.Disk.Add(other.Disk)
	return sum
}
