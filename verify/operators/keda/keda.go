// Package keda reads the custom resources of KEDA v2.20.2. A ScaledObject becomes a HorizontalPodAutoscaler, a ScaledJob becomes
// Jobs.
package keda

import (
	"cmp"
	"fmt"
	"strconv"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

const group = "keda.sh"

// Operator is KEDA.
var Operator = operator.Operator{
	Name: "KEDA", Version: "v2.20.2", Source: "https://github.com/kedacore/keda",
	Kinds: []operator.Kind{
		{Group: group, Version: "v1alpha1", Kind: "ScaledObject", Resource: "scaledobjects", Expand: expandObject},
		{Group: group, Version: "v1alpha1", Kind: "ScaledJob", Resource: "scaledjobs", Expand: expandJob},
	},
}

// The annotations that pause a ScaledObject.
const (
	paused         = "autoscaling.keda.sh/paused"
	pausedReplicas = "autoscaling.keda.sh/paused-replicas"
)

// ScaledObject is keda.sh/v1alpha1 ScaledObject.
type ScaledObject struct {
	Spec ScaledObjectSpec `json:"spec"`
}

// ScaledObjectSpec is the spec of a ScaledObject.
type ScaledObjectSpec struct {
	ScaleTargetRef   ScaleTarget `json:"scaleTargetRef"`
	IdleReplicaCount *int32      `json:"idleReplicaCount"`
	MinReplicaCount  *int32      `json:"minReplicaCount"`
	MaxReplicaCount  *int32      `json:"maxReplicaCount"`
	Advanced         *Advanced   `json:"advanced"`
}

// ScaleTarget names an object with a scale subresource.
type ScaleTarget struct {
	Name       string `json:"name"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// Advanced has the name of the HorizontalPodAutoscaler.
type Advanced struct {
	HorizontalPodAutoscalerConfig *struct {
		Name string `json:"name"`
	} `json:"horizontalPodAutoscalerConfig"`
}

// expandObject returns the HorizontalPodAutoscaler of a ScaledObject (newHPAForScaledObject in controllers/keda/hpa.go). KEDA itself
// scales between 0 and the minimum (pkg/scaling/executor/scale_scaledobjects.go).
func expandObject(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	so := &ScaledObject{}
	if err := o.Decode(so); err != nil {
		return operator.Expansion{}, err
	}
	minimum, err := so.validate(o)
	if err != nil {
		return operator.Expansion{}, err
	}
	hpa := &autoscalingv1.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "keda-hpa-" + o.Name}}
	if a := so.Spec.Advanced; a != nil && a.HorizontalPodAutoscalerConfig != nil && a.HorizontalPodAutoscalerConfig.Name != "" {
		hpa.Name = a.HorizontalPodAutoscalerConfig.Name
	}
	target := so.Spec.ScaleTargetRef
	hpa.Spec = autoscalingv1.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv1.CrossVersionObjectReference{APIVersion: cmp.Or(target.APIVersion, "apps/v1"), Kind: cmp.Or(target.Kind, "Deployment"), Name: target.Name},
		MinReplicas:    &minimum,
		MaxReplicas:    so.maximum(),
	}
	a := operator.Autoscaler{
		HorizontalPodAutoscaler: hpa,
		Fields:                  operator.Fields{"spec.scaleTargetRef": "spec.scaleTargetRef", "spec.minReplicas": "spec.minReplicaCount", "spec.maxReplicas": "spec.maxReplicaCount"},
		ScalesFromZero:          true,
		Idle:                    so.idle(),
	}
	if text, ok := o.Annotations[pausedReplicas]; ok {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return operator.Expansion{}, o.Errorf([]string{"metadata", "annotations", pausedReplicas}, "is %q: want a number of pods", text)
		}
		fixed := int32(n)
		hpa.Spec.MinReplicas, hpa.Spec.MaxReplicas, a.Fixed, a.Idle = &fixed, max(1, fixed), true, nil
		return operator.Expansion{Autoscalers: []operator.Autoscaler{a}}, nil
	}
	if text, ok := o.Annotations[paused]; ok {
		if on, err := strconv.ParseBool(text); err != nil || on {
			return operator.Expansion{Assumed: []operator.Assumption{{Text: fmt.Sprintf("is paused: %s %s is assumed to keep its own number of pods", hpa.Spec.ScaleTargetRef.Kind, target.Name), Path: []string{"metadata", "annotations", paused}}}}, nil
		}
	}
	return operator.Expansion{Autoscalers: []operator.Autoscaler{a}}, nil
}

// validate returns the minimum of the HorizontalPodAutoscaler, or an error for bounds that KEDA rejects
// (CheckReplicaCountBoundsAreValid in apis/keda/v1alpha1/scaledobject_types.go).
func (so *ScaledObject) validate(o *manifest.Object) (int32, error) {
	s := so.Spec
	minimum := int32(1)
	if s.MinReplicaCount != nil && *s.MinReplicaCount > 0 {
		minimum = *s.MinReplicaCount
	}
	switch {
	case s.ScaleTargetRef.Name == "":
		return 0, o.Errorf([]string{"spec", "scaleTargetRef", "name"}, "is missing, which the API server rejects")
	case so.maximum() < minimum:
		return 0, o.Errorf([]string{"spec", "maxReplicaCount"}, "is %d and the minimum is %d, which KEDA rejects: set it to at least the minimum", so.maximum(), minimum)
	case s.IdleReplicaCount != nil && (s.MinReplicaCount == nil || *s.IdleReplicaCount >= minimum):
		return 0, o.Errorf([]string{"spec", "idleReplicaCount"}, "is %d, which KEDA rejects: want less than spec.minReplicaCount", *s.IdleReplicaCount)
	}
	return minimum, nil
}

func (so *ScaledObject) maximum() int32 {
	if so.Spec.MaxReplicaCount != nil {
		return *so.Spec.MaxReplicaCount
	}
	return 100
}

// idle returns the number of pods while all triggers are inactive, nil if it is the minimum.
func (so *ScaledObject) idle() *int32 {
	if so.Spec.IdleReplicaCount != nil {
		return so.Spec.IdleReplicaCount
	}
	if so.Spec.MinReplicaCount == nil || *so.Spec.MinReplicaCount <= 0 {
		return new(int32)
	}
	return nil
}

// ScaledJob is keda.sh/v1alpha1 ScaledJob.
type ScaledJob struct {
	Spec ScaledJobSpec `json:"spec"`
}

// ScaledJobSpec is the spec of a ScaledJob.
type ScaledJobSpec struct {
	JobTargetRef    *batchv1.JobSpec `json:"jobTargetRef"`
	MinReplicaCount *int32           `json:"minReplicaCount"`
}

// expandJob returns the Jobs that a ScaledJob always has, as one Job; at least one (pkg/scaling/executor/scale_jobs.go).
func expandJob(o *manifest.Object, _ operator.Objects) (operator.Expansion, error) {
	sj := &ScaledJob{}
	if err := o.Decode(sj); err != nil {
		return operator.Expansion{}, err
	}
	if sj.Spec.JobTargetRef == nil {
		return operator.Expansion{}, o.Errorf([]string{"spec", "jobTargetRef"}, "is missing, which the API server rejects")
	}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name}, Spec: *sj.Spec.JobTargetRef}
	pods := int32(1)
	if job.Spec.Parallelism != nil {
		pods = *job.Spec.Parallelism
	}
	if sj.Spec.MinReplicaCount != nil {
		pods *= max(1, *sj.Spec.MinReplicaCount)
	}
	job.Spec.Parallelism = &pods
	return operator.Expansion{Workloads: []operator.Workload{{Job: job, Main: true, Fields: operator.Fields{"spec": "spec.jobTargetRef"}}}}, nil
}
