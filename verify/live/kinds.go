package live

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one of which all objects are listed.
type kind struct {
	schema.GroupVersionResource
	name string
	// wide kinds are in no namespace.
	wide bool
	// aside are those that the cluster role view does not let one list. Without them less is said.
	aside bool
}

func of(group, version, resource, name string) kind {
	return kind{GroupVersionResource: schema.GroupVersionResource{Group: group, Version: version, Resource: resource}, name: name}
}

func (k kind) inNone() kind {
	k.wide, k.aside = true, true
	return k
}

func (k kind) notViewed() kind {
	k.aside = true
	return k
}

// kinds are what the rest of verify reads, of what makes pods and of what is around them. Secrets and ConfigMaps are not: nothing
// is decided by them. Owners that one may not list come before what they own.
var kinds = []kind{
	of("argoproj.io", "v1alpha1", "eventbus", "EventBus").notViewed(),
	of("argoproj.io", "v1alpha1", "eventsources", "EventSource").notViewed(),
	of("argoproj.io", "v1alpha1", "sensors", "Sensor").notViewed(),

	of("apps", "v1", "deployments", "Deployment"),
	of("apps", "v1", "statefulsets", "StatefulSet"),
	of("apps", "v1", "daemonsets", "DaemonSet"),
	of("apps", "v1", "replicasets", "ReplicaSet"),
	of("", "v1", "replicationcontrollers", "ReplicationController"),
	of("batch", "v1", "jobs", "Job"),
	of("batch", "v1", "cronjobs", "CronJob"),
	of("", "v1", "pods", "Pod"),

	of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
	of("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
	of("", "v1", "services", "Service"),
	of("", "v1", "serviceaccounts", "ServiceAccount"),
	of("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
	of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
	of("rbac.authorization.k8s.io", "v1", "roles", "Role").notViewed(),
	of("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding").notViewed(),

	of("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole").inNone(),
	of("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding").inNone(),
	of("storage.k8s.io", "v1", "storageclasses", "StorageClass").inNone(),
	of("storage.k8s.io", "v1", "csidrivers", "CSIDriver").inNone(),
	of("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass").inNone(),
	of("", "v1", "namespaces", "Namespace").inNone(),
	of("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration").inNone(),
	of("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration").inNone(),
}

// nodes is the kind that a cluster is made of.
var nodes = of("", "v1", "nodes", "Node").inNone()

// String is the kind as kubectl takes it: "deployments.apps".
func (k kind) String() string { return k.GroupResource().String() }

func (k kind) groupKind() schema.GroupKind { return schema.GroupKind{Group: k.Group, Kind: k.name} }
