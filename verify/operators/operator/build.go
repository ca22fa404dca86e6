package operator

import (
	"encoding/json"
	"maps"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Claim returns a volumeClaimTemplate that one node can mount. Empty fields of spec get the API server's defaults.
func Claim(name string, size resource.Quantity, class *string) corev1.PersistentVolumeClaim {
	mode := corev1.PersistentVolumeFilesystem
	return corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			VolumeMode:       &mode,
			StorageClassName: class,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
}

// MinAvailable returns a budget for a number of healthy pods.
func MinAvailable(name string, healthy int, selector map[string]string) Budget {
	n := intstr.FromInt(healthy)
	return Budget{PodDisruptionBudget: &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &n, Selector: &metav1.LabelSelector{MatchLabels: selector}},
	}}
}

// Headless returns a Service without an IP address.
func Headless(name string, selector map[string]string, notReady bool) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: selector, PublishNotReadyAddresses: notReady},
	}
}

// ClusterIP returns a Service with an IP address.
func ClusterIP(name string, selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{Selector: selector}}
}

// Labels returns the labels of both maps; those of above take precedence.
func Labels(below, above map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, below)
	maps.Copy(all, above)
	return all
}

// PreferApart returns affinity that prefers different values of a node label for the pods with some labels.
func PreferApart(key string, labels map[string]string) *corev1.Affinity {
	term := corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: labels}}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 100, PodAffinityTerm: term}},
	}}
}

// RequireApart returns affinity that requires different values of a node label for the pods with some labels.
func RequireApart(key string, labels map[string]string) *corev1.Affinity {
	term := corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: labels}}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term}}}
}

// RequireNodes adds a requirement to each term of the required node affinity.
func RequireNodes(spec *corev1.PodSpec, r corev1.NodeSelectorRequirement) {
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil || len((*required).NodeSelectorTerms) == 0 {
		*required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
	}
	for i := range (*required).NodeSelectorTerms {
		t := &(*required).NodeSelectorTerms[i]
		t.MatchExpressions = append(t.MatchExpressions, r)
	}
}

// HTTPProbe returns a probe by HTTP.
func HTTPProbe(path string, port int32, timing corev1.Probe) *corev1.Probe {
	timing.HTTPGet = &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)}
	return &timing
}

// TCPProbe returns a probe by TCP.
func TCPProbe(port int32, timing corev1.Probe) *corev1.Probe {
	timing.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromInt32(port)}
	return &timing
}

// Merge returns a pod's spec with a strategic merge patch, as kubectl patch does: lists of containers and volumes merge by name.
func Merge(spec, patch *corev1.PodSpec) (corev1.PodSpec, error) {
	merged := corev1.PodSpec{}
	original, err := json.Marshal(spec)
	if err != nil {
		return merged, err
	}
	change, err := json.Marshal(patch)
	if err != nil {
		return merged, err
	}
	text, err := strategicpatch.StrategicMergePatch(original, change, corev1.PodSpec{})
	if err != nil {
		return merged, err
	}
	return merged, json.Unmarshal(text, &merged)
}
