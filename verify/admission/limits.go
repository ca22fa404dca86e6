package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	api "k8s.io/kubernetes/pkg/apis/core"
	corev1api "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"
)

// RefusePod returns why the LimitRanges of its namespace refuse a pod, "" if they do not. The pod has their defaults, see package
// workload.
func (o *Objects) RefusePod(pod *corev1.Pod) string {
	return cmp.Or(o.refusePod(pod), o.exceedsDefault(pod))
}

// exceedsDefault returns which container requests more than the default limit that a LimitRange has set, "" without one. The API
// server validates a pod after its defaults (ValidateContainerResourceRequirements in pkg/apis/core/validation/validation.go). It
// has refused such a template already if the limit is in there.
func (o *Objects) exceedsDefault(pod *corev1.Pod) string {
	for _, limits := range o.limits {
		if limits.Namespace != pod.Namespace {
			continue
		}
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			for _, name := range slices.Sorted(maps.Keys(c.Resources.Requests)) {
				request := c.Resources.Requests[name]
				if limit, ok := c.Resources.Limits[name]; ok && request.Cmp(limit) > 0 {
					return fmt.Sprintf("LimitRange %s: its default limit for %s is %s, and container %s requests %s", key(limits.Namespace, limits.Name), name, limit.String(), c.Name, request.String())
				}
			}
		}
	}
	return ""
}

func (o *Objects) refusePod(pod *corev1.Pod) string {
	return o.refuse(pod.Namespace, func(limits *corev1.LimitRange) error {
		var internal api.Pod
		if err := corev1api.Convert_v1_Pod_To_core_Pod(pod.DeepCopy(), &internal, nil); err != nil {
			return err
		}
		return limitranger.PodValidateLimitFunc(limits, &internal)
	})
}

// RefuseClaim is RefusePod for a PersistentVolumeClaim.
func (o *Objects) RefuseClaim(claim *corev1.PersistentVolumeClaim) string {
	return o.refuse(claim.Namespace, func(limits *corev1.LimitRange) error {
		var internal api.PersistentVolumeClaim
		if err := corev1api.Convert_v1_PersistentVolumeClaim_To_core_PersistentVolumeClaim(claim.DeepCopy(), &internal, nil); err != nil {
			return err
		}
		return limitranger.PersistentVolumeClaimValidateLimitFunc(limits, &internal)
	})
}

func (o *Objects) refuse(namespace string, by func(*corev1.LimitRange) error) string {
	for _, limits := range o.limits {
		if limits.Namespace != namespace {
			continue
		}
		if err := by(limits); err != nil {
			return fmt.Sprintf("LimitRange %s: %s", key(limits.Namespace, limits.Name), err)
		}
	}
	return ""
}

// key returns a name with its namespace, or alone without one.
func key(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
