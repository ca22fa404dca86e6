package rules

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	helpers "k8s.io/component-helpers/resource"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// requests is what one pod asks for, itself among the pods that a node may have.
func requests(w *workload.Workload) corev1.ResourceList {
	all := helpers.PodRequests(w.Pod(0, 1), helpers.PodResourcesOptions{})
	all[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return all
}

// share is what all pods of a workload ask for of one thing.
func share(w *workload.Workload, name corev1.ResourceName) resource.Quantity {
	each := requests(w)[name]
	each.Mul(int64(wanted(w)))
	return each
}

func plus(a, b resource.Quantity) resource.Quantity {
	a = a.DeepCopy()
	a.Add(b)
	return a
}

func names(of corev1.ResourceList) []corev1.ResourceName { return slices.Sorted(maps.Keys(of)) }
