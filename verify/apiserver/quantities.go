package apiserver

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
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
	case *core.Pod:
		return checkPodSpec(&o.Spec, spec)
	case *apps.Deployment:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *apps.StatefulSet:
		all := checkPodSpec(&o.Spec.Template.Spec, template)
		for i := range o.Spec.VolumeClaimTemplates {
			all = append(all, checkResources(o.Spec.VolumeClaimTemplates[i].Spec.Resources.Requests, spec.Child("volumeClaimTemplates").Index(i).Child("spec", "resources", "requests"))...)
		}
		return all
	case *apps.DaemonSet:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *apps.ReplicaSet:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *core.ReplicationController:
		if o.Spec.Template == nil {
			return nil
		}
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *batch.Job:
		return checkPodSpec(&o.Spec.Template.Spec, template)
	case *batch.CronJob:
		return checkPodSpec(&o.Spec.JobTemplate.Spec.Template.Spec, spec.Child("jobTemplate", "spec", "template", "spec"))
	case *core.PersistentVolumeClaim:
		return checkResources(o.Spec.Resources.Requests, spec.Child("resources", "requests"))
	case *core.PersistentVolume:
		return checkResources(o.Spec.Capacity, spec.Child("capacity"))
	case *core.Node:
		return append(checkResources(o.Status.Capacity, field.NewPath("status", "capacity")), checkResources(o.Status.Allocatable, field.NewPath("status", "allocatable"))...)
	}
	return nil
}

func checkPodSpec(s *core.PodSpec, at *field.Path) field.ErrorList {
	var all field.ErrorList
	for name, containers := range map[string][]core.Container{"initContainers": s.InitContainers, "containers": s.Containers} {
		for i, c := range containers {
			at := at.Child(name).Index(i).Child("resources")
			all = append(all, checkResources(c.Resources.Requests, at.Child("requests"))...)
			all = append(all, checkResources(c.Resources.Limits, at.Child("limits"))...)
		}
	}
	if s.Resources != nil {
		all = append(all, checkResources(s.Resources.Requests, at.Child("resources", "requests"))...)
		all = append(all, checkResources(s.Resources.Limits, at.Child("resources", "limits"))...)
	}
	return append(all, checkResources(s.Overhead, at.Child("overhead"))...)
}

func checkResources(list core.ResourceList, at *field.Path) field.ErrorList {
	var all field.ErrorList
	for name, q := range list {
		limit := maxQuantity
		if name == core.ResourceCPU {
			limit = maxCPU
		}
		if q.Cmp(limit) > 0 {
			all = append(all, field.Invalid(at.Key(string(name)), q, fmt.Sprintf("want %s or less, more than any machine has", limit.String())))
		}
	}
	return all
}
