package facts

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelpers "k8s.io/component-helpers/resource"

	"github.com/holdfast-ha/holdfast/verify/workload"
)

// QuotaUsage returns how much of a quota's resource one pod of a workload uses, 0 for resources of other objects (pkg/quota/v1/
// evaluator/core/pods.go).
func (s *System) QuotaUsage(w *workload.Workload, name corev1.ResourceName) resource.Quantity {
	switch name {
	case corev1.ResourcePods, "count/pods":
		return *resource.NewQuantity(1, resource.DecimalSI)
	case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		return s.Requests(w)[name].DeepCopy()
	}
	if of, ok := strings.CutPrefix(string(name), corev1.DefaultResourceRequestsPrefix); ok && of != string(corev1.ResourceStorage) {
		return s.Requests(w)[corev1.ResourceName(of)].DeepCopy()
	}
	if of, ok := strings.CutPrefix(string(name), "limits."); ok {
		return resourcehelpers.PodLimits(s.pod(w), resourcehelpers.PodResourcesOptions{})[corev1.ResourceName(of)].DeepCopy()
	}
	return resource.Quantity{}
}
