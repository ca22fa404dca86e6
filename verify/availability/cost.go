package availability

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Cost is the number of pods and the sums of their requests.
type Cost struct {
	// Pods is the number of placed pods.
	Pods int `json:"pods"`
	// CPU is the sum of their CPU requests, as a Kubernetes quantity: 370m.
	CPU resource.Quantity `json:"cpu"`
	// Memory is the sum of their memory requests: 992Mi.
	Memory resource.Quantity `json:"memory"`
	// Disk is the sum of the requests of their volume claims.
	Disk resource.Quantity `json:"disk"`
	// ZonePairs is the number of pairs of zones between which the members of a quorum replicate all their data.
	ZonePairs int `json:"zonePairs"`
}

// costOf returns the cost of the placed pods of a workload.
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

// Add returns the sum of two costs.
func (c Cost) Add(other Cost) Cost {
	sum := Cost{Pods: c.Pods + other.Pods, CPU: c.CPU.DeepCopy(), Memory: c.Memory.DeepCopy(), Disk: c.Disk.DeepCopy(), ZonePairs: c.ZonePairs + other.ZonePairs}
	sum.CPU.Add(other.CPU)
	sum.Memory.Add(other.Memory)
	sum.Disk.Add(other.Disk)
	return sum
}
