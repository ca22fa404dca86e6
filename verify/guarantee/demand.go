package guarantee

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// demand is the requests of all pods of a system, at their greatest number.
type demand struct {
	// floating is the requests of pods that may be on any node, onEach those of DaemonSets, with one pod on each node.
	floating, onEach map[corev1.ResourceName]float64
	requests         []map[corev1.ResourceName]float64
}

func newDemand(all *pods, nodes int) demand {
	d := demand{floating: map[corev1.ResourceName]float64{}, onEach: map[corev1.ResourceName]float64{}}
	for i, w := range all.workloads {
		requests := map[corev1.ResourceName]float64{corev1.ResourcePods: 1}
		for name, q := range all.fits[i].Requests {
			requests[name] = q.AsApproximateFloat64()
		}
		d.requests = append(d.requests, requests)
		for name, each := range requests {
			if w.Kind == workload.DaemonSet {
				d.onEach[name] += each * float64(1+min(w.Rollout.MaxSurge, 1))
			} else {
				d.floating[name] += each * float64(mostPods(w, nodes))
			}
		}
	}
	return d
}

// fills returns the most nodes that other pods can fill, so that they have no capacity for a pod of the i-th workload.
func (d demand) fills(p *places, r reader, i int) int {
	full := 0
	for name, own := range d.requests[i] {
		others, fixed := d.floating[name], d.onEach[name]
		if r.workload.Kind == workload.DaemonSet {
			fixed -= own
		} else {
			others -= own
		}
		var spare []float64
		for n, node := range p.nodes {
			if p.capacity[n] > 0 {
				q := node.Status.Allocatable[name]
				spare = append(spare, q.AsApproximateFloat64()-fixed-own)
			}
		}
		slices.Sort(spare)
		for _, left := range spare {
			// A node is full once the others request more than what is left beside the pod.
			if left >= others && left >= 0 {
				break
			}
			others -= max(left, 0)
			full++
		}
	}
	return full
}
