package manifest

import (
	"slices"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
)

// clusterScoped are the built-in kinds without a namespace: kubectl api-resources --namespaced=false, on Kubernetes 1.36.
var clusterScoped = map[string][]string{
	"":                             {"ComponentStatus", "Namespace", "Node", "PersistentVolume"},
	"admissionregistration.k8s.io": nil, // all kinds
	"apiextensions.k8s.io":         nil,
	"apiregistration.k8s.io":       nil,
	"certificates.k8s.io":          {"CertificateSigningRequest", "ClusterTrustBundle"},
	"flowcontrol.apiserver.k8s.io": nil,
	"networking.k8s.io":            {"IngressClass", "IPAddress", "ServiceCIDR"},
	"node.k8s.io":                  nil,
	"rbac.authorization.k8s.io":    {"ClusterRole", "ClusterRoleBinding"},
	"resource.k8s.io":              {"DeviceClass", "DeviceTaintRule", "ResourceSlice"},
	"scheduling.k8s.io":            {"PriorityClass"},
	"storage.k8s.io":               {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"},
}

// IsClusterScoped reports whether the object is of a built-in kind without a namespace.
func (o *Object) IsClusterScoped() bool {
	kinds, ok := clusterScoped[o.Group()]
	return ok && (kinds == nil || slices.Contains(kinds, o.Kind))
}

// DefaultNamespace is the namespace of objects without one, unless kubectl or Helm is given another.
const DefaultNamespace = "default"

// SetNamespace sets the namespace of all objects that have none and need one, as kubectl apply --namespace does.
func SetNamespace(objects []*Object, namespace string) {
	for _, o := range objects {
		if o.Namespace == "" && !o.IsClusterScoped() {
			o.setNamespace(namespace)
		}
	}
}

// setNamespace sets metadata.namespace, at the position of the metadata.
func (o *Object) setNamespace(namespace string) {
	o.Namespace = namespace
	_, metadata := strict.Child(o.node, "metadata")
	if _, value := strict.Child(metadata, "namespace"); value != nil { // "" or null
		value.SetString(namespace)
		return
	}
	at := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: metadata.Line, Column: metadata.Column}
	key, value := at, at
	key.Value, value.Value = "namespace", namespace
	metadata.Content = append(metadata.Content, &key, &value)
}

// CompleteNamespaces sets the default namespace if an object of the list names it: the objects without a namespace are then in the
// same one. Otherwise their namespace stays open.
func CompleteNamespaces(objects []*Object) {
	if slices.ContainsFunc(objects, func(o *Object) bool { return o.Namespace == DefaultNamespace && !o.IsClusterScoped() }) {
		SetNamespace(objects, DefaultNamespace)
	}
}
