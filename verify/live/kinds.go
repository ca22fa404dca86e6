package live

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/holdfast-ha/holdfast/verify/operators"
)

// kind is a kind of objects to list.
type kind struct {
	schema.GroupVersionResource
	name          string
	clusterScoped bool
	// optional is set on kinds that the cluster role view does not include. Without them the report has fewer findings.
	optional bool
}

func of(group, version, resource, name string) kind {
	return kind{GroupVersionResource: schema.GroupVersionResource{Group: group, Version: version, Resource: resource}, name: name}
}

// inCluster marks a cluster-scoped kind. The role view does not include any of them.
func (k kind) inCluster() kind {
	k.clusterScoped, k.optional = true, true
	return k
}

// notInView marks a namespaced kind that the role view does not include.
func (k kind) notInView() kind {
	k.optional = true
	return k
}

// kinds are the kinds that verify reads: controllers, pods, and the objects that affect pods. Secrets and ConfigMaps are not
// read, because no decision depends on their content. Owners come before their dependents.
var kinds = append(customKinds(), []kind{
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
	of("", "v1", "resourcequotas", "ResourceQuota"),
	of("", "v1", "limitranges", "LimitRange"),
	of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
	of("rbac.authorization.k8s.io", "v1", "roles", "Role").notInView(),
	of("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding").notInView(),

	of("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole").inCluster(),
	of("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding").inCluster(),
	of("storage.k8s.io", "v1", "storageclasses", "StorageClass").inCluster(),
	of("storage.k8s.io", "v1", "csidrivers", "CSIDriver").inCluster(),
	of("storage.k8s.io", "v1", "csinodes", "CSINode").inCluster(),
	of("", "v1", "persistentvolumes", "PersistentVolume").inCluster(),
	of("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass").inCluster(),
	of("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass").inCluster(),
	of("", "v1", "namespaces", "Namespace").inCluster(),
	of("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration").inCluster(),
	of("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration").inCluster(),
}...)

// customKinds are the kinds of supported operators. The role view includes those of none.
func customKinds() []kind {
	var all []kind
	for _, o := range operators.All() {
		for _, k := range o.Kinds {
			all = append(all, of(k.Group, k.Version, k.Resource, k.Kind).notInView())
		}
	}
	return all
}

var nodes = of("", "v1", "nodes", "Node").inCluster()

// String is the resource as an argument of kubectl get: "deployments.apps".
func (k kind) String() string { return k.GroupResource().String() }

func (k kind) groupKind() schema.GroupKind { return schema.GroupKind{Group: k.Group, Kind: k.name} }
