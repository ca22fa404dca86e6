package workload

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coredefaults "k8s.io/kubernetes/pkg/apis/core/v1"
)

// Pod returns the i-th pod of a workload as its controller and the API server create it: with the labels of its revision, the
// default tolerations, and matchLabelKeys merged into the selectors. revision is 1 in the steady state, 2 during a rollout.
func (w *Workload) Pod(i, revision int) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.Namespace, Name: w.podName(i, revision),
			Labels: maps.Clone(w.Template.Labels), Annotations: maps.Clone(w.Template.Annotations),
		},
		Spec: *w.Template.Spec.DeepCopy(),
	}
	pod.UID = types.UID(w.Kind + "/" + pod.Namespace + "/" + pod.Name)
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	rev := w.revisionHash(revision)
	switch w.Kind {
	case Deployment:
		pod.Labels[w.HashLabel] = rev
		if w.Apart && revision > 1 {
			keepOffOldPods(pod, w.HashLabel, w.revisionHash(revision-1))
		}
	case StatefulSet:
		pod.Labels["controller-revision-hash"] = rev
		pod.Labels["statefulset.kubernetes.io/pod-name"] = pod.Name
		pod.Labels["apps.kubernetes.io/pod-index"] = fmt.Sprint(i)
		w.mountClaims(pod)
	case Pods:
		w.mountClaims(pod)
	case DaemonSet:
		pod.Labels["controller-revision-hash"] = rev
		tolerateAsDaemon(pod)
	}
	coredefaults.SetObjectDefaults_Pod(pod)
	tolerateFailures(pod)
	selectByKeys(pod)
	return pod
}

// revisionHash returns the label value of a revision. As in Kubernetes, Deployments with different templates have different hashes
// (ComputeHash in pkg/controller/controller_utils.go), and those of StatefulSets begin with the name.
func (w *Workload) revisionHash(revision int) string { return fmt.Sprintf("%s-%d", w.hash, revision) }

// setHash computes the hash of the template.
func (w *Workload) setHash() error {
	text, err := json.Marshal(w.Template)
	if err != nil {
		return err
	}
	sum := fnv.New32a()
	sum.Write(text)
	if w.Kind == StatefulSet {
		sum.Write([]byte(w.Name))
	}
	w.hash = fmt.Sprintf("%x", sum.Sum32())
	return nil
}

// mountClaims adds a volume for each volumeClaimTemplate, in place of a volume of the template with the same name (updateStorage in
// pkg/controller/statefulset/stateful_set_utils.go).
func (w *Workload) mountClaims(pod *corev1.Pod) {
	pod.Spec.Volumes = slices.DeleteFunc(pod.Spec.Volumes, w.ReplacesVolume)
	for _, c := range w.Claims {
		source := &corev1.PersistentVolumeClaimVolumeSource{ClaimName: c.Name + "-" + pod.Name}
		if w.claimName != nil {
			source.ClaimName = w.claimName(c.Name, pod.Name)
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: c.Name, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: source}})
	}
}

// ReplacesVolume reports whether a volumeClaimTemplate replaces a volume of the pod template.
func (w *Workload) ReplacesVolume(v corev1.Volume) bool {
	return slices.ContainsFunc(w.Claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == v.Name })
}

// podName returns the name of the i-th pod. A StatefulSet keeps it in each revision.
func (w *Workload) podName(i, revision int) string {
	switch w.Kind {
	case Pod:
		return w.Name
	case Pods:
		if i < len(w.names) {
			return w.names[i]
		}
		return fmt.Sprintf("%s-%d", w.Name, i+w.first)
	case Deployment, ReplicaSet, DaemonSet, Job:
		return fmt.Sprintf("%s-%d-%d", w.Name, revision, i)
	default:
		return fmt.Sprintf("%s-%d", w.Name, i)
	}
}

// keepOffOldPods adds required anti-affinity to the pods of an older revision.
func keepOffOldPods(pod *corev1.Pod, label, revision string) {
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	if pod.Spec.Affinity.PodAntiAffinity == nil {
		pod.Spec.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	terms := &pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	*terms = append(*terms, corev1.PodAffinityTerm{
		LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: label, Operator: metav1.LabelSelectorOpIn, Values: []string{revision}}}},
		TopologyKey:   corev1.LabelHostname,
	})
}

// defaultTolerationSeconds is how long pods stay bound to an unreachable node by default (admission plugin
// DefaultTolerationSeconds).
const defaultTolerationSeconds = 300

// tolerateFailures adds the default tolerations of every pod.
func tolerateFailures(pod *corev1.Pod) {
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		tolerated := false
		for _, t := range pod.Spec.Tolerations {
			tolerated = tolerated || (t.Key == key || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "")
		}
		if !tolerated {
			seconds := int64(defaultTolerationSeconds)
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds})
		}
	}
}

// selectByKeys merges matchLabelKeys and mismatchLabelKeys into the selectors, as the API server does when a pod is created.
func selectByKeys(pod *corev1.Pod) {
	for i := range pod.Spec.TopologySpreadConstraints {
		c := &pod.Spec.TopologySpreadConstraints[i]
		require(c.LabelSelector, c.MatchLabelKeys, metav1.LabelSelectorOpIn, pod.Labels)
	}
	if pod.Spec.Affinity == nil {
		return
	}
	var terms []*corev1.PodAffinityTerm
	if a := pod.Spec.Affinity.PodAffinity; a != nil {
		terms = append(terms, termsOf(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if a := pod.Spec.Affinity.PodAntiAffinity; a != nil {
		terms = append(terms, termsOf(a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	for _, t := range terms {
		require(t.LabelSelector, t.MatchLabelKeys, metav1.LabelSelectorOpIn, pod.Labels)
		require(t.LabelSelector, t.MismatchLabelKeys, metav1.LabelSelectorOpNotIn, pod.Labels)
	}
}

func termsOf(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) []*corev1.PodAffinityTerm {
	var all []*corev1.PodAffinityTerm
	for i := range required {
		all = append(all, &required[i])
	}
	for i := range preferred {
		all = append(all, &preferred[i].PodAffinityTerm)
	}
	return all
}

// require adds expressions to a selector: a pod has the same values of some labels, or different ones. A nil selector stays nil
// and selects nothing. Keys that the pod does not have are skipped.
func require(selector *metav1.LabelSelector, keys []string, operator metav1.LabelSelectorOperator, podLabels map[string]string) {
	if selector == nil {
		return
	}
	for _, key := range keys {
		if value, ok := podLabels[key]; ok {
			selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}})
		}
	}
}
