package apiserver

import (
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// The scheduler sums quantities as 64-bit integers, CPU in thousandths. The API server accepts quantities for which the sums
// overflow: these limits, which no machine reaches, leave room for a thousand of them.
var (
	maxCPU      = resource.MustParse("9T")
	maxQuantity = resource.MustParse("8Pi")
)

// checkQuantities returns errors for the quantities of an object that are out of range.
func checkQuantities(object runtime.Object) field.ErrorList {
	spec, template := field.NewPath("spec"), field.NewPath("spec", "template", "spec")
	switch o := object.(type) {
	case *corev1.Pod:
		return checkPodSpec(&o.Spec, spec)
	case *appsv1.Deployment:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *appsv1.StatefulSet:
		all := checkPodSpec(&o.Spec.Template.Spec, template)
		for i := range o.Spec.VolumeClaimTemplates {
			all = append(all, checkResources(o.Spec.VolumeClaimTemplates[i].Spec.Resources.Requests, spec.Child("volumeClaimTemplates").Index(i).Child("spec", "resources", "requests"))...)
		}
		return all
	case *appsv1.DaemonSet:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *appsv1.ReplicaSet:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *corev1.ReplicationController:
		if o.Spec.Template == nil {
			return nil
		}
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *batchv1.Job:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *batchv1.CronJob:
		return checkPodSpec(&o.Spec.JobTemplate.Spec.Template.Spec, spec.Child("jobTemplate", "spec", "template", "spec"))
	case *corev1.PersistentVolumeClaim:
		return checkResources(o.Spec.Resources.Requests, spec.Child("resources", "requests"))
	case *corev1.PersistentVolume:
		return checkResources(o.Spec.Capacity, spec.Child("capacity"))
	case *corev1.Node:
		return append(checkResources(o.Status.Capacity, field.NewPath("status", "capacity")), checkResources(o.Status.Allocatable, field.NewPath("status", "allocatable"))...)
	}
	return nil
}

// CheckPods returns an error for each quantity in the pods of an object that is out of range. Check does not see the pods of
// custom resources, and accepts the objects of an API server. path is that of the pod template.
func CheckPods(o *manifest.Object, template *corev1.PodTemplateSpec, claims []corev1.PersistentVolumeClaim, path []string) error {
	var at *field.Path
	for _, step := range path {
		at = at.Child(step)
	}
	all := checkPodSpec(&template.Spec, at.Child("spec"))
	for i := range claims {
		all = append(all, checkResources(claims[i].Spec.Resources.Requests, field.NewPath("spec", "volumeClaimTemplates").Index(i).Child("spec", "resources", "requests"))...)
	}
	return errors.Join(describe(o, all)...)
}

func checkPodSpec(s *corev1.PodSpec, at *field.Path) field.ErrorList {
	var all field.ErrorList
	check := func(name string, containers []corev1.Container) {
		for i, c := range containers {
			at := at.Child(name).Index(i).Child("resources")
			all = append(all, checkResources(c.Resources.Requests, at.Child("requests"))...)
			all = append(all, checkResources(c.Resources.Limits, at.Child("limits"))...)
		}
	}
	check("initContainers", s.InitContainers)
	check("containers", s.Containers)
	if s.Resources != nil {
		all = append(all, checkResources(s.Resources.Requests, at.Child("resources", "requests"))...)
		all = append(all, checkResources(s.Resources.Limits, at.Child("resources", "limits"))...)
	}
	return append(all, checkResources(s.Overhead, at.Child("overhead"))...)
}

func checkResources(list corev1.ResourceList, at *field.Path) field.ErrorList {
	var all field.ErrorList
	for name, q := range list {
		if err := CheckQuantity(name, q); err != nil {
			all = append(all, field.Invalid(at.Key(string(name)), q, err.Error()))
		}
	}
	return all
}

// CheckQuantity returns an error if a quantity of a resource is out of range.
func CheckQuantity(name corev1.ResourceName, q resource.Quantity) error {
	limit := maxQuantity
	if name == corev1.ResourceCPU {
		limit = maxCPU
	}
	switch {
	case q.Sign() < 0:
		return errors.New("must be greater than or equal to 0")
	case q.Cmp(limit) > 0:
		return fmt.Errorf("want %s or less, more than any machine has", limit.String())
	}
	return nil
}
