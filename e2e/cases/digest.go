package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// PodDigests returns a digest, by kind and name, of every object that creates pods or shapes them: workloads, custom resources of Argo
// Events, MutatingAdmissionPolicies, PodDisruptionBudgets, autoscalers, and the ConfigMaps that pods use, scripts among them.
//
// A digest covers the content that affects a pod. It excludes comments in scripts and configuration, labels with versions of chart and
// application, checksums of covered files, and the pods of helm test.
func PodDigests(objects []Object) map[string]string {
	digests := map[string]string{}
	used := map[string]bool{}
	for _, o := range objects {
		if shapesPods(o) {
			digests[digestKey(o)] = digest(o.Content)
			collectConfigMaps(o.Content, used)
		}
	}
	for _, o := range objects {
		if o.Kind() == "ConfigMap" && used[o.Name()] {
			digests[digestKey(o)] = digest(o.Content)
		}
	}
	return digests
}

// Digest combines the digests of PodDigests.
func Digest(objects []Object) string {
	digests := PodDigests(objects)
	var all strings.Builder
	for _, key := range slices.Sorted(maps.Keys(digests)) {
		all.WriteString(key + " " + digests[key] + "\n")
	}
	return sum([]byte(all.String()))
}

// podKinds are the kinds besides ConfigMap that PodDigests covers. Sources and sensors of Argo Events become Deployments.
var podKinds = []string{
	"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet",
	"EventBus", "EventSource", "Sensor",
	"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
	"HorizontalPodAutoscaler", "PodDisruptionBudget", "PriorityClass",
}

func shapesPods(o Object) bool {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	return slices.Contains(podKinds, o.Kind()) && annotations["helm.sh/hook"] != "test"
}

// collectConfigMaps adds the names of all ConfigMaps that a value refers to: in volumes and in environments.
func collectConfigMaps(value any, names map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			collectConfigMaps(element, names)
		}
	case map[string]any:
		for key, element := range v {
			if reference, ok := element.(map[string]any); ok && strings.HasPrefix(key, "configMap") {
				names[text(reference["name"])] = true
			}
			collectConfigMaps(element, names)
		}
	}
}

// hashSuffix ends the name of a Job that is renamed with every change of its script.
var hashSuffix = regexp.MustCompile(`-[0-9a-f]{8}$`)

func digestKey(o Object) string { return o.Kind() + " " + hashSuffix.ReplaceAllString(o.Name(), "") }

func digest(content map[string]any) string {
	content = effective(content).(map[string]any)
	delete(content, "metadata") // the metadata of pods is in their templates
	encoded, err := json.Marshal(content)
	if err != nil {
		panic(err) // decoded from YAML, it can be encoded
	}
	return sum(encoded)
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:8])
}

// ineffective are labels and annotations that change without an effect on pods.
var ineffective = []string{"helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"}

// effective returns a copy of a decoded value without comments and without labels and annotations that have no effect.
func effective(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = effective(element)
		}
		return list
	case map[string]any:
		fields := map[string]any{}
		for key, element := range v {
			if !slices.Contains(ineffective, key) && !strings.HasPrefix(key, "checksum/") {
				fields[key] = effective(element)
			}
		}
		return fields
	case string:
		return withoutComments(v)
	}
	return value
}

// withoutComments removes empty lines and lines with nothing but a comment from a text of several lines, a script or a configuration file.
func withoutComments(text string) string {
	if !strings.Contains(strings.TrimSpace(text), "\n") {
		return text
	}
	var lines strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed != "" && (!strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "#!")) {
			lines.WriteString(strings.TrimRight(line, " \t\r\n") + "\n")
		}
	}
	return lines.String()
}
