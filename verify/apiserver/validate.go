package apiserver

import (
	"reflect"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	claims "k8s.io/kubernetes/pkg/api/persistentvolumeclaim"
	podapi "k8s.io/kubernetes/pkg/api/pod"
	serviceapi "k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsv1 "k8s.io/kubernetes/pkg/apis/apps/v1"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	autoscalingv1 "k8s.io/kubernetes/pkg/apis/autoscaling/v1"
	autoscalingv2 "k8s.io/kubernetes/pkg/apis/autoscaling/v2"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchv1 "k8s.io/kubernetes/pkg/apis/batch/v1"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/coordination"
	coordinationv1 "k8s.io/kubernetes/pkg/apis/coordination/v1"
	coordinationvalidation "k8s.io/kubernetes/pkg/apis/coordination/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkingv1 "k8s.io/kubernetes/pkg/apis/networking/v1"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/node"
	nodev1 "k8s.io/kubernetes/pkg/apis/node/v1"
	nodevalidation "k8s.io/kubernetes/pkg/apis/node/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	policyv1 "k8s.io/kubernetes/pkg/apis/policy/v1"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	rbacv1 "k8s.io/kubernetes/pkg/apis/rbac/v1"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
	"k8s.io/kubernetes/pkg/apis/scheduling"
	schedulingv1 "k8s.io/kubernetes/pkg/apis/scheduling/v1"
	schedulingvalidation "k8s.io/kubernetes/pkg/apis/scheduling/validation"
	"k8s.io/kubernetes/pkg/apis/storage"
	storagev1 "k8s.io/kubernetes/pkg/apis/storage/v1"
	storagevalidation "k8s.io/kubernetes/pkg/apis/storage/validation"
	"k8s.io/kubernetes/pkg/capabilities"
)

// internal converts the versions of the API server to its internal types, with its defaults.
var internal = sync.OnceValue(func() *runtime.Scheme {
	capabilities.Setup(true, 0) // kube-apiserver --allow-privileged, which clusters set for their system pods
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, appsv1.AddToScheme, autoscaling.AddToScheme, autoscalingv1.AddToScheme, autoscalingv2.AddToScheme,
		batch.AddToScheme, batchv1.AddToScheme, coordination.AddToScheme, coordinationv1.AddToScheme, core.AddToScheme, corev1.AddToScheme,
		networking.AddToScheme, networkingv1.AddToScheme, node.AddToScheme, nodev1.AddToScheme, policy.AddToScheme, policyv1.AddToScheme,
		rbac.AddToScheme, rbacv1.AddToScheme, scheduling.AddToScheme, schedulingv1.AddToScheme, storage.AddToScheme, storagev1.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
})

// validator returns the errors of an object of an internal type. existing is set if an API server has stored the object.
type validator func(o runtime.Object, existing bool) field.ErrorList

func of[T any](validate func(o T, existing bool) field.ErrorList) (reflect.Type, validator) {
	return reflect.TypeFor[T](), func(o runtime.Object, existing bool) field.ErrorList { return validate(o.(T), existing) }
}

// simple returns the validator of a kind that needs no options.
func simple[T any](validate func(T) field.ErrorList) (reflect.Type, validator) {
	return of(func(o T, _ bool) field.ErrorList { return validate(o) })
}

var validators = sync.OnceValue(func() map[reflect.Type]validator {
	all := map[reflect.Type]validator{}
	add := func(t reflect.Type, v validator) { all[t] = v }

	add(of(func(o *apps.Deployment, existing bool) field.ErrorList {
		return appsvalidation.ValidateDeployment(o, options(&o.Spec.Template, existing))
	}))
	add(of(func(o *apps.StatefulSet, existing bool) field.ErrorList {
		return appsvalidation.ValidateStatefulSet(o, options(&o.Spec.Template, existing))
	}))
	add(of(func(o *apps.DaemonSet, existing bool) field.ErrorList {
		return appsvalidation.ValidateDaemonSet(o, options(&o.Spec.Template, existing))
	}))
	add(of(func(o *apps.ReplicaSet, existing bool) field.ErrorList {
		return appsvalidation.ValidateReplicaSet(o, options(&o.Spec.Template, existing))
	}))
	add(of(func(o *core.ReplicationController, existing bool) field.ErrorList {
		return corevalidation.ValidateReplicationController(o, options(o.Spec.Template, existing))
	}))
	add(of(validateJob))
	add(of(func(o *batch.CronJob, existing bool) field.ErrorList {
		return batchvalidation.ValidateCronJobCreate(o, options(&o.Spec.JobTemplate.Spec.Template, existing))
	}))
	add(of(validatePod))

	add(of(func(o *autoscaling.HorizontalPodAutoscaler, existing bool) field.ErrorList {
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(o, autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{
			// 0 needs the feature gate HPAScaleToZero.
			ScaleTargetRefValidationOptions: autoscalingvalidation.CrossVersionObjectReferenceValidationOptions{AllowEmptyAPIGroup: o.Spec.ScaleTargetRef.Kind == "ReplicationController", AllowInvalidAPIVersion: existing},
			ObjectMetricsValidationOptions:  autoscalingvalidation.CrossVersionObjectReferenceValidationOptions{AllowEmptyAPIGroup: true, AllowInvalidAPIVersion: existing},
		})
	}))
	add(of(func(o *policy.PodDisruptionBudget, existing bool) field.ErrorList {
		return append(meta(&o.ObjectMeta), policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{AllowInvalidLabelValueInSelector: existing})...)
	}))
	add(simple(validateService))
	add(of(func(o *core.PersistentVolumeClaim, existing bool) field.ErrorList {
		claims.NormalizeDataSources(&o.Spec) // as the API server does before the validation
		var old *core.PersistentVolumeClaim
		if existing {
			old = o
		}
		return corevalidation.ValidatePersistentVolumeClaim(o, corevalidation.ValidationOptionsForPersistentVolumeClaim(o, old))
	}))
	add(of(func(o *core.PersistentVolume, existing bool) field.ErrorList {
		var old *core.PersistentVolume
		if existing {
			old = o
		}
		return corevalidation.ValidatePersistentVolume(o, corevalidation.ValidationOptionsForPersistentVolume(o, old))
	}))
	add(simple(corevalidation.ValidateConfigMap))
	add(simple(corevalidation.ValidateSecret))
	add(simple(corevalidation.ValidateServiceAccount))
	add(simple(corevalidation.ValidateNamespace))
	add(simple(corevalidation.ValidateNode))
	add(simple(corevalidation.ValidateLimitRange))
	add(simple(corevalidation.ValidateResourceQuota))
	add(simple(corevalidation.ValidateEndpointsCreate))
	add(of(func(o *networking.Ingress, existing bool) field.ErrorList {
		if existing {
			return meta(&o.ObjectMeta)
		}
		return networkingvalidation.ValidateIngressCreate(o)
	}))
	add(simple(networkingvalidation.ValidateIngressClass))
	add(of(func(o *networking.NetworkPolicy, existing bool) field.ErrorList {
		var old *networking.NetworkPolicy
		if existing {
			old = o
		}
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.ValidationOptionsForNetworking(o, old))
	}))
	add(simple(rbacvalidation.ValidateRole))
	add(simple(rbacvalidation.ValidateRoleBinding))
	add(of(func(o *rbac.ClusterRole, existing bool) field.ErrorList {
		return rbacvalidation.ValidateClusterRole(o, rbacvalidation.ClusterRoleValidationOptions{AllowInvalidLabelValueInSelector: existing})
	}))
	add(simple(rbacvalidation.ValidateClusterRoleBinding))
	add(simple(schedulingvalidation.ValidatePriorityClass))
	add(simple(storagevalidation.ValidateStorageClass))
	add(simple(storagevalidation.ValidateCSIDriver))
	add(simple(nodevalidation.ValidateRuntimeClass))
	add(simple(coordinationvalidation.ValidateLease))
	return all
})

// options are the options of the API server for a pod template. Options that depend on feature gates permit everything that a
// release from 1.31 on accepts.
func options(t *core.PodTemplateSpec, existing bool) corevalidation.PodValidationOptions {
	var old *core.PodTemplateSpec
	if existing {
		old = t
	}
	return permit(podapi.GetValidationOptionsFromPodTemplate(t, old))
}

func permit(o corevalidation.PodValidationOptions) corevalidation.PodValidationOptions {
	o.AllowRelaxedEnvironmentVariableValidation = true
	o.AllowRelaxedDNSSearchValidation = true
	o.AllowPodLifecycleSleepActionZeroValue = true
	o.PodLevelResourcesEnabled = true
	o.InPlacePodLevelResourcesVerticalScalingEnabled = true
	o.AllowSidecarResizePolicy = true
	o.AllowMatchLabelKeysInPodTopologySpread = true
	o.OldPodViolatesMatchLabelKeysValidation = true // until 1.33, a key may be in the labelSelector as well
	o.AllowEnvFilesValidation = true
	o.AllowContainerRestartPolicyRules = true
	o.AllowTaintTolerationComparisonOperators = true
	o.AllowUserNamespacesHostNetworkSupport = true
	o.AllowRestartAllContainers = true
	return o
}

func validatePod(o *core.Pod, existing bool) field.ErrorList {
	opts := podapi.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, nil, &o.ObjectMeta, nil)
	if existing {
		opts = podapi.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, &o.Spec, &o.ObjectMeta, &o.ObjectMeta)
		o.Spec.EphemeralContainers = nil // they are added after the creation
	}
	opts.ResourceIsPod = true
	return corevalidation.ValidatePodCreate(o, permit(opts))
}

// validateJob validates a Job. The API server generates the selector of a Job unless it is set manually.
func validateJob(o *batch.Job, existing bool) field.ErrorList {
	opts := options(&o.Spec.Template, existing)
	if o.Spec.ManualSelector != nil && *o.Spec.ManualSelector {
		return batchvalidation.ValidateJob(o, batchvalidation.JobValidationOptions{PodValidationOptions: opts})
	}
	template := batch.JobTemplateSpec{Spec: o.Spec}
	if existing {
		template.Spec.Selector = nil
	}
	return append(meta(&o.ObjectMeta), batchvalidation.ValidateJobTemplateSpec(&template, nil, opts)...)
}

// validateService validates a Service with the fields that the API server allocates before the validation.
func validateService(o *core.Service) field.ErrorList {
	if o.Spec.ClusterIP != "" && len(o.Spec.ClusterIPs) == 0 {
		o.Spec.ClusterIPs = []string{o.Spec.ClusterIP}
	}
	if serviceapi.NeedsHealthCheck(o) && o.Spec.HealthCheckNodePort == 0 {
		o.Spec.HealthCheckNodePort = 30000
	}
	return corevalidation.ValidateServiceCreate(o)
}

// meta validates the metadata of a namespaced object whose name is a DNS subdomain.
func meta(o *metav1.ObjectMeta) field.ErrorList {
	return corevalidation.ValidateObjectMeta(o, true, corevalidation.ValidatePodName, field.NewPath("metadata"))
}
